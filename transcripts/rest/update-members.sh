# Cluster Administration Guide (7.8.5), chapter 7, REST API: update a cluster of several members while
# it goes on. Documented: the calls and their order. Assumed: answers, versions, the reboot.
# before: join
luna-appliance package lunasa_update 7.9.0-42 --firmware 7.8.7 --out lunasa_update-7.9.0-42.spkg \
  --authcode 4pHLJtJ7xJXS/FFK
luna-appliance package lnh_cluster 1.0.5-30 --out lnh_cluster-1.0.5-30.spkg \
  --authcode pHLJtJ7/xJXS/FFK

# Every member is active and visible, none has to be restarted; luna1 is the primary one.
curl $LUNA1/api/clusters/$UUID/members

# luna2 first.
curl -X POST $LUNA2/api/lunasa/services/cluster/actions/stop
curl -X POST $LUNA2/api/lunasa/services/cluster/actions/disable
curl $LUNA2/api/lunasa/services/cluster
curl -X POST $LUNA2/users/admin/files -F file=@lunasa_update-7.9.0-42.spkg
curl -X POST $LUNA2/users/admin/files -F file=@lnh_cluster-1.0.5-30.spkg
HSM=$(curl $LUNA2/api/lunasa/hsms | grep -o '[0-9]\{6,\}' | head -n 1)
curl -X POST $LUNA2/api/lunasa/hsms/$HSM/login -H "$JSON" -d @- <<END
{
  "role": "so",
  "password": "IamtheHSM SO",
  "ped": ""
}
END
curl -X POST $LUNA2/api/lunasa/packageFiles -H "$JSON" -d @- <<END
{
  "authCode": "4pHLJtJ7xJXS/FFK",
  "file": "lunasa_update-7.9.0-42.spkg"
}
END

# The new software runs after a reboot, which ends all sessions.
TASK=$(curl -X POST $LUNA2/api/lunasa/actions/reboot | grep -o '/tasks/[0-9]*')
curl -X POST $LUNA2$TASK/actions/start
curl -K - -X POST $LUNA2/auth/session <<END
user = "admin:Iamtheadm1n"
END
curl $LUNA2/api/lunasa/hsms/$HSM/firmware
curl -X POST $LUNA2/api/lunasa/hsms/$HSM/login -H "$JSON" -d @- <<END
{
  "role": "so",
  "password": "IamtheHSM SO",
  "ped": ""
}
END
curl -X POST $LUNA2/api/lunasa/hsms/$HSM/firmware/actions/upgrade
curl $LUNA2/api/lunasa/hsms/$HSM/firmware
curl -X POST $LUNA2/api/lunasa/hsms/$HSM/login -H "$JSON" -d @- <<END
{
  "role": "so",
  "password": "IamtheHSM SO",
  "ped": ""
}
END
curl -X POST $LUNA2/api/lunasa/packageFiles -H "$JSON" -d @- <<END
{
  "authCode": "pHLJtJ7/xJXS/FFK",
  "file": "lnh_cluster-1.0.5-30.spkg"
}
END
curl -X POST $LUNA2/api/lunasa/services/cluster/actions/restart
curl -X PUT $LUNA1/emulator/clock -H "$JSON" -d '{"advance": 60}'
curl -X PUT $LUNA2/emulator/clock -H "$JSON" -d '{"advance": 60}'
curl -X POST $LUNA2/emulator/settle
curl $LUNA1/api/clusters/$UUID/members/$MEMBER2
curl -X POST $LUNA2/api/lunasa/services/cluster/actions/enable

# It becomes the primary member, so that luna1 can be updated.
curl -X PUT $LUNA2/api/clusters/$UUID/members/$MEMBER2 -H "$JSON" -d @- <<END
{
  "action": "config",
  "primary": true
}
END

curl -X POST $LUNA1/api/lunasa/services/cluster/actions/stop
curl -X POST $LUNA1/api/lunasa/services/cluster/actions/disable
curl $LUNA1/api/lunasa/services/cluster
curl -X POST $LUNA1/users/admin/files -F file=@lunasa_update-7.9.0-42.spkg
curl -X POST $LUNA1/users/admin/files -F file=@lnh_cluster-1.0.5-30.spkg
HSM=$(curl $LUNA1/api/lunasa/hsms | grep -o '[0-9]\{6,\}' | head -n 1)
curl -X POST $LUNA1/api/lunasa/hsms/$HSM/login -H "$JSON" -d @- <<END
{
  "role": "so",
  "password": "IamtheHSM SO",
  "ped": ""
}
END
curl -X POST $LUNA1/api/lunasa/packageFiles -H "$JSON" -d @- <<END
{
  "authCode": "4pHLJtJ7xJXS/FFK",
  "file": "lunasa_update-7.9.0-42.spkg"
}
END

# The new software runs after a reboot, which ends all sessions.
TASK=$(curl -X POST $LUNA1/api/lunasa/actions/reboot | grep -o '/tasks/[0-9]*')
curl -X POST $LUNA1$TASK/actions/start
curl -K - -X POST $LUNA1/auth/session <<END
user = "admin:Iamtheadm1n"
END
curl $LUNA1/api/lunasa/hsms/$HSM/firmware
curl -X POST $LUNA1/api/lunasa/hsms/$HSM/login -H "$JSON" -d @- <<END
{
  "role": "so",
  "password": "IamtheHSM SO",
  "ped": ""
}
END
curl -X POST $LUNA1/api/lunasa/hsms/$HSM/firmware/actions/upgrade
curl $LUNA1/api/lunasa/hsms/$HSM/firmware
curl -X POST $LUNA1/api/lunasa/hsms/$HSM/login -H "$JSON" -d @- <<END
{
  "role": "so",
  "password": "IamtheHSM SO",
  "ped": ""
}
END
curl -X POST $LUNA1/api/lunasa/packageFiles -H "$JSON" -d @- <<END
{
  "authCode": "pHLJtJ7/xJXS/FFK",
  "file": "lnh_cluster-1.0.5-30.spkg"
}
END
curl -X POST $LUNA1/api/lunasa/services/cluster/actions/restart
curl -X PUT $LUNA1/emulator/clock -H "$JSON" -d '{"advance": 60}'
curl -X PUT $LUNA2/emulator/clock -H "$JSON" -d '{"advance": 60}'
curl -X POST $LUNA1/emulator/settle
curl $LUNA1/api/clusters/$UUID/members
curl -X POST $LUNA1/api/lunasa/services/cluster/actions/enable

# If one wishes, the former primary member is that again.
curl -X PUT $LUNA2/api/clusters/$UUID/members/$MEMBER1 -H "$JSON" -d @- <<END
{
  "action": "config",
  "primary": true
}
END
curl $LUNA1/api/clusters/$UUID/members/$MEMBER1
