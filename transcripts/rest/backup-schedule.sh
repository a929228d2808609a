# Cluster Administration Guide (7.8.5), chapter 6, REST API: schedule periodic backups.
# Documented: the calls and their bodies. The guide's example has the time 7:09:30, though its text
# counts the days from 0 for Sunday. Assumed: that it is refused; answers, the files' names.
# before: keyrings
curl -X PUT $CLUSTER/backup -H "$JSON" -d @- <<END
{
  "action": "disable"
}
END
curl -X PUT $CLUSTER/backup -H "$JSON" -d @- <<END
{
  "action": "config",
  "total": 5,
  "time": "7:09:30",
  "filename": "myClusterBackup"
}
END
curl -X PUT $CLUSTER/backup -H "$JSON" -d @- <<END
{
  "action": "config",
  "total": 5,
  "time": "0:09:30",
  "filename": "myClusterBackup"
}
END
curl -X PUT $CLUSTER/backup -H "$JSON" -d @- <<END
{
  "action": "enable",
  "password": "backuppasword"
}
END
curl -X PUT $CLUSTER/backup -H "$JSON" -d @- <<END
{
  "action": "show"
}
END

# Sunday comes; the session has ended meanwhile.
curl -X PUT $LUNA/emulator/clock -H "$JSON" -d '{"set": "2026-03-08T09:31:00Z"}'
curl -K - -X POST $LUNA/auth/session <<END
user = "admin:Iamtheadm1n"
END
curl $LUNA/users/admin/files
curl -X PUT $CLUSTER/backup -H "$JSON" -d @- <<END
{
  "action": "show"
}
END
