# Cluster Administration Guide (7.8.5), chapter 3, REST API: promote a member to primary.
# Documented: the calls and their bodies; that scheduled backups are to be disabled and enabled
# again. Assumed: answers.
# before: join
# There are scheduled backups.
curl -X PUT $LUNA1/api/clusters/$UUID/backup -H "$JSON" -d @- <<END
{
  "action": "config",
  "total": 5,
  "time": "0:09:30",
  "filename": "myClusterBackup"
}
END
curl -X PUT $LUNA1/api/clusters/$UUID/backup -H "$JSON" -d @- <<END
{
  "action": "enable",
  "password": "backuppasword"
}
END
curl $LUNA1/api/clusters/$UUID/members/$MEMBER2
curl -X PUT $LUNA1/api/clusters/$UUID/members/$MEMBER2 -H "$JSON" -d @- <<END
{
  "action": "config",
  "primary": true
}
END
curl $LUNA1/api/clusters/$UUID/members/$MEMBER2
curl $LUNA2/api/clusters/$UUID/members/$MEMBER1

# Scheduled backups: the schedule stays, who makes them has changed.
curl -X PUT $LUNA1/api/clusters/$UUID/backup -H "$JSON" -d @- <<END
{
  "action": "disable"
}
END
curl -X PUT $LUNA2/api/clusters/$UUID/backup -H "$JSON" -d @- <<END
{
  "action": "enable",
  "password": "backuppasword"
}
END
