# Cluster Administration Guide (7.8.5), chapter 3, REST API: delete an unrecoverable member from a
# cluster. Documented: the calls and the body. Assumed: answers, refusals.
# before: join
# A member that is visible is not deleted.
curl $LUNA1/api/clusters/$UUID/members/$MEMBER2
curl -X DELETE $LUNA1/api/clusters/$UUID/members/$MEMBER2 -H "$JSON" -d @- <<END
{
  "authentication":
  [{
    "type": "CO",
    "password": "IamtheCO"
  }]
}
END

# Its network is gone; an emulated appliance can be made to lose it.
curl -X PUT $LUNA1/emulator/links -H "$JSON" -d '{"action": "cut"}'
curl $LUNA1/api/clusters/$UUID/members/$MEMBER2
curl -X DELETE $LUNA1/api/clusters/$UUID/members/$MEMBER2 -H "$JSON" -d @- <<END
{
  "authentication":
  [{
    "type": "CO",
    "password": "IamtheCO"
  }]
}
END
curl $LUNA1/api/clusters/$UUID/members

# Once luna2 can be reached again, its cluster service is reset before it may join again.
curl -X POST $LUNA2/api/lunasa/services/cluster/actions/factoryreset
curl $LUNA2/api/lunasa/services/cluster
curl $LUNA2/api/cluster/config
