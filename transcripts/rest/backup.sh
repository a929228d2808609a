# Cluster Administration Guide (7.8.5), chapter 6, REST API: back up a cluster manually.
# Documented: the call and its body, where the file lies. Assumed: answers, refusals.
# before: keyrings
curl -X PUT $CLUSTER/backup -H "$JSON" -d @- <<END
{
  "action": "run",
  "password": "backuppasword",
  "filename": "my cluster backup"
}
END
curl -X PUT $CLUSTER/backup -H "$JSON" -d @- <<END
{
  "action": "run",
  "password": "backuppasword",
  "filename": "myClusterBackup"
}
END
curl $LUNA/users/admin/files
