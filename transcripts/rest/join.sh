# Cluster Administration Guide (7.8.5), chapter 3, REST API: add a new member to an existing cluster.
# luna1 is the guide's appliance A, luna2 its appliance B. Documented: the calls and their bodies.
# Assumed: answers, refusals.
# before on luna2: configure
# before: create
# The clocks may differ by 30 seconds.
curl $LUNA1/api/lunasa/time
curl $LUNA2/api/lunasa/time
curl $LUNA1/api/clusters
UUID=$(curl $LUNA1/api/clusters | grep -o '[0-9a-f-]\{36\}')
MEMBER1=$(curl $LUNA1/api/clusters/$UUID/members | grep -o '[0-9a-f-]\{36\}')
curl $LUNA1/api/clusters/$UUID/members/$MEMBER1

# On luna2, at first with a wrong password of luna1's admin.
curl -X PUT $LUNA2/api/clusters/$UUID -H "$JSON" -d @- <<END
{
  "authentication": [
    {
      "type": "CO",
      "password": "IamtheCO",
      "partitionLabel": "clusterpar"
    }
  ],
  "remoteClusterIpAddress": "$IP1",
  "remoteAdminPassword": "Iamnotadm1n",
  "action": "join"
}
END
curl -X PUT $LUNA2/api/clusters/$UUID -H "$JSON" -d @- <<END
{
  "authentication": [
    {
      "type": "CO",
      "password": "IamtheCO",
      "partitionLabel": "clusterpar"
    }
  ],
  "remoteClusterIpAddress": "$IP1",
  "remoteAdminPassword": "Iamtheadm1n",
  "action": "join"
}
END

# It takes a while; an emulated appliance says when it is over.
curl -X POST $LUNA2/emulator/settle
curl $LUNA1/api/clusters/$UUID/members
curl $LUNA2/api/clusters/$UUID/members
MEMBER2=$(curl $LUNA1/api/clusters/$UUID/members | grep -o '[0-9a-f-]\{36\}' | tail -n 1)
