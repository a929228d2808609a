# Cluster Administration Guide (7.8.5), chapter 2, REST API, prerequisites: the HSM is initialized,
# clocks are synchronized. Documented: the calls. Assumed: answers.
# before: session
curl $LUNA/api/lunasa/hsms
HSM=$(curl $LUNA/api/lunasa/hsms | grep -o '[0-9]\{6,\}' | head -n 1)
curl -X PUT $LUNA/api/lunasa/hsms/$HSM -H "$JSON" -d @- <<END
{
  "label": "myhsm",
  "password": "IamtheHSM SO",
  "domain": "hsmdomain",
  "defaultDomain": false,
  "ped": ""
}
END

# By hand, or by a time server.
curl -X PUT $LUNA/api/lunasa/time -H "$JSON" -d '{"date": "2026-03-02", "time": "09:00:00"}'
curl -X POST $LUNA/api/lunasa/ntp/actions/synchronize -H "$JSON" -d '{"server": "192.0.2.123"}'
curl $LUNA/api/lunasa/time
