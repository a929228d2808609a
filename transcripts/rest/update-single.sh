# Cluster Administration Guide (7.8.5), chapter 7, REST API: update a cluster of a single member.
# Documented: the calls, their order, the body that authorizes. Assumed: answers, versions, the
# reboot.
# before: create
luna-appliance package lunasa_update 7.9.0-42 --firmware 7.8.7 --out lunasa_update-7.9.0-42.spkg \
  --authcode 4pHLJtJ7xJXS/FFK
luna-appliance package lnh_cluster 1.0.5-30 --out lnh_cluster-1.0.5-30.spkg \
  --authcode pHLJtJ7/xJXS/FFK

curl -X POST $LUNA/api/lunasa/services/cluster/actions/stop
curl -X POST $LUNA/api/lunasa/services/cluster/actions/disable
curl $LUNA/api/lunasa/services/cluster
curl -X POST $LUNA/users/admin/files -F file=@lunasa_update-7.9.0-42.spkg
curl -X POST $LUNA/users/admin/files -F file=@lnh_cluster-1.0.5-30.spkg
HSM=$(curl $LUNA/api/lunasa/hsms | grep -o '[0-9]\{6,\}' | head -n 1)
curl -X POST $LUNA/api/lunasa/hsms/$HSM/login -H "$JSON" -d @- <<END
{
  "role": "so",
  "password": "IamtheHSM SO",
  "ped": ""
}
END
curl -X POST $LUNA/api/lunasa/packageFiles -H "$JSON" -d @- <<END
{
  "authCode": "4pHLJtJ7xJXS/FFK",
  "file": "lunasa_update-7.9.0-42.spkg"
}
END

# The new software runs after a reboot, which ends all sessions.
TASK=$(curl -X POST $LUNA/api/lunasa/actions/reboot | grep -o '/tasks/[0-9]*')
curl -X POST $LUNA$TASK/actions/start
curl -K - -X POST $LUNA/auth/session <<END
user = "admin:Iamtheadm1n"
END
curl $LUNA/api/lunasa/hsms/$HSM/firmware
curl -X POST $LUNA/api/lunasa/hsms/$HSM/login -H "$JSON" -d @- <<END
{
  "role": "so",
  "password": "IamtheHSM SO",
  "ped": ""
}
END
curl -X POST $LUNA/api/lunasa/hsms/$HSM/firmware/actions/upgrade
curl $LUNA/api/lunasa/hsms/$HSM/firmware
curl -X POST $LUNA/api/lunasa/hsms/$HSM/login -H "$JSON" -d @- <<END
{
  "role": "so",
  "password": "IamtheHSM SO",
  "ped": ""
}
END
curl -X POST $LUNA/api/lunasa/packageFiles -H "$JSON" -d @- <<END
{
  "authCode": "pHLJtJ7/xJXS/FFK",
  "file": "lnh_cluster-1.0.5-30.spkg"
}
END
curl -X POST $LUNA/api/lunasa/services/cluster/actions/restart
curl -X PUT $LUNA/emulator/clock -H "$JSON" -d '{"advance": 60}'
curl $MEMBER
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
curl -X POST $LUNA/api/lunasa/services/cluster/actions/enable
curl $LUNA/api/lunasa/services/cluster
curl $MEMBER
