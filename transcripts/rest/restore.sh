# Cluster Administration Guide (7.8.5), chapter 6, REST API: restore a cluster from backup.
# Documented: the calls and the body, that the service is restarted (LUNA-31648). Assumed: answers.
# before: keyrings
# before: join
curl -X PUT $LUNA1/api/clusters/$UUID/backup -H "$JSON" -d @- <<END
{
  "action": "run",
  "password": "backuppasword",
  "filename": "myBackupFile"
}
END

# Something is lost.
curl -X DELETE $LUNA1/api/keyrings/$KEYRING -H "$JSON" -d @- <<END
{
  "authentication": [
    {
      "type": "CO",
      "password": "IamtheCO"
    }
  ]
}
END
curl $LUNA2/api/keyrings/$KEYRING

# The service has to be stopped on all members but the primary one.
curl -X PUT $LUNA1/api/cluster/restore -H "$JSON" -d @- <<END
{
  "filename": "myBackupFile",
  "password": "backuppasword",
  "type": "keyring"
}
END
curl -X POST $LUNA2/api/lunasa/services/cluster/actions/stop
curl -X PUT $LUNA1/api/cluster/restore -H "$JSON" -d @- <<END
{
  "filename": "myBackupFile",
  "password": "backuppasword",
  "type": "keyring"
}
END
curl $LUNA1/api/cluster/restore
curl -X POST $LUNA2/api/lunasa/services/cluster/actions/start
curl -X PUT $LUNA2/emulator/clock -H "$JSON" -d '{"advance": 60}'
curl -X PUT $LUNA1/emulator/clock -H "$JSON" -d '{"advance": 60}'
curl -X POST $LUNA2/emulator/settle
curl $LUNA1/api/clusters/$UUID/members
curl $LUNA2/api/keyrings/$KEYRING

# At last the primary member, which takes its authorization from the other one.
curl -X POST $LUNA1/api/lunasa/services/cluster/actions/restart
curl -X PUT $LUNA1/emulator/clock -H "$JSON" -d '{"advance": 60}'
curl -X PUT $LUNA2/emulator/clock -H "$JSON" -d '{"advance": 60}'
curl -X POST $LUNA1/emulator/settle
curl $LUNA1/api/clusters/$UUID/members
