# Cluster Administration Guide (7.8.5), chapter 3, REST API: delete an unrecoverable member that was
# the primary one. Documented: the call, that another member is promoted. Assumed: answers.
# before: join
curl -X PUT $LUNA2/emulator/links -H "$JSON" -d '{"action": "cut"}'
curl $LUNA2/api/clusters/$UUID/members

# Without the primary member nobody writes.
curl -X POST $LUNA2/api/keyrings -H "$JSON" -d @- <<END
{
  "authentication": [
    {
      "type": "CO",
      "password": "IamtheCO",
      "partitionLabel": "clusterpar"
    }
  ],
  "keyRingLabel": "myKeyring",
  "keyRingPassword": "keyringpassword"
}
END
curl -X DELETE $LUNA2/api/clusters/$UUID/members/$MEMBER1 -H "$JSON" -d @- <<END
{
  "authentication":
  [{
    "type": "CO",
    "password": "IamtheCO"
  }]
}
END
curl $LUNA2/api/clusters/$UUID/members
