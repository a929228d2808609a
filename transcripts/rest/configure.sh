# Cluster Administration Guide (7.8.5), chapter 2, REST API, steps 4 to 9: the cluster service.
# Documented: the calls and their bodies, "stopped" until the start is finished, the ranges of ports;
# the guide's own example has an admin port for crypto. Assumed: answers, how long the start takes.
# before: install
curl -X PATCH $LUNA/api/lunasa/services/cluster -H "$JSON" -d @- <<END
{
  "onBoot": true
}
END
curl -X PUT $LUNA/api/cluster/config -H "$JSON" -d @- <<END
{
  "service": "core",
  "IpAddress": "$IP"
}
END
curl -X POST $LUNA/api/lunasa/services/cluster/actions/start
curl $LUNA/api/lunasa/services/cluster
curl $LUNA/api/clusters

# Time goes by; that of the emulated appliance stands still until it is moved.
curl -X PUT $LUNA/emulator/clock -H "$JSON" -d '{"advance": 60}'
curl $LUNA/api/lunasa/services/cluster
curl $LUNA/api/clusters

# The guide's example, which its text rules out, and one that fits.
curl -X PUT $LUNA/api/cluster/config -H "$JSON" -d @- <<END
{
  "service": "crypto",
  "interface": "eth0",
  "port": 50075
}
END
curl -X PUT $LUNA/api/cluster/config -H "$JSON" -d @- <<END
{
  "service": "admin",
  "interface": "eth0",
  "port": 50075
}
END
curl $LUNA/api/cluster/config

# Assumed: a service that runs takes new settings with its restart.
curl -X POST $LUNA/api/lunasa/services/cluster/actions/restart
curl -X PUT $LUNA/emulator/clock -H "$JSON" -d '{"advance": 60}'
curl $LUNA/api/lunasa/services/cluster
