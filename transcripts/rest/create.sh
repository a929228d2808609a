# Cluster Administration Guide (7.8.5), chapter 3, REST API: create a cluster and authorize the first
# member. Documented: the calls and their bodies, the answer of GET /api/clusters, the member's name,
# the fields primaryNode, memberActive, visibleToServicingNode, restartService, mode.
# Assumed: the other fields, refusals.
# before: configure
curl -X POST $LUNA/api/clusters -H "$JSON" -d @- <<END
{
  "authentication": [
    {
      "type": "SO",
      "password": "IamtheHSM SO"
    }
  ],
  "clusterLabel": "myNewCluster"
}
END
curl $LUNA/api/clusters
CLUSTER=$LUNA/api/clusters/$(curl $LUNA/api/clusters | grep -o '[0-9a-f-]\{36\}')
curl $CLUSTER/members
MEMBER=$CLUSTER/members/$(curl $CLUSTER/members | grep -o '[0-9a-f-]\{36\}')

# Without the password of the Crypto Officer, and with it.
curl -X PUT $MEMBER -H "$JSON" -d @- <<END
{
  "action": "authorize",
  "authentication": [
    {
      "type": "CO",
      "password": "IamnotCO",
      "partitionLabel": "clusterpar"
    }
  ]
}
END
curl -X PUT $MEMBER -H "$JSON" -d @- <<END
{
  "action": "authorize",
  "authentication": [
    {
      "type": "CO",
      "password": "IamtheCO",
      "partitionLabel": "clusterpar"
    }
  ]
}
END
curl $CLUSTER/members

# Only one cluster can exist on an appliance.
curl -X POST $LUNA/api/clusters -H "$JSON" -d @- <<END
{
  "authentication": [
    {
      "type": "SO",
      "password": "IamtheHSM SO"
    }
  ],
  "clusterLabel": "second"
}
END
