# Cluster Administration Guide (7.8.5), chapter 3, REST API: remove a functioning member from a
# cluster. Documented: the calls and the body. Assumed: answers, refusals.
# before: join
curl $LUNA2/api/clusters/$UUID/members/$MEMBER2

# It has to be done on the member that leaves.
curl -X PATCH $LUNA1/api/clusters/$UUID/members/$MEMBER2 -H "$JSON" -d @- <<END
{
  "authentication": [
    {
      "type": "CO",
      "password": "IamtheCO",
      "partitionLabel": "clusterpar"
    }
  ],
  "action": "leave"
}
END
curl -X PATCH $LUNA2/api/clusters/$UUID/members/$MEMBER2 -H "$JSON" -d @- <<END
{
  "authentication": [
    {
      "type": "CO",
      "password": "IamtheCO",
      "partitionLabel": "clusterpar"
    }
  ],
  "action": "leave"
}
END
curl -X POST $LUNA2/emulator/settle
curl $LUNA1/api/clusters/$UUID/members
curl $LUNA2/api/clusters
