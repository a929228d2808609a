# Cluster Administration Guide (7.8.5), chapter 3, REST API: move a member to another affinity group.
# Documented: the call and its body. Assumed: answers, GET …/groups.
# before: join
curl -X PUT $LUNA1/api/clusters/$UUID/members/$MEMBER2 -H "$JSON" -d @- <<END
{
  "action": "config",
  "group": "newgroup"
}
END
curl $LUNA1/api/clusters/$UUID/members/$MEMBER2
curl $LUNA2/api/clusters/$UUID/groups
