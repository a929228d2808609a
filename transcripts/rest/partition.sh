# Cluster Administration Guide (7.8.5), chapter 2, REST API, step 2: the application partition for
# the cluster. Documented: the calls, their order, the task of a policy change. Assumed: answers.
# before: prerequisites
curl -X POST $LUNA/api/lunasa/hsms/$HSM/login -H "$JSON" -d @- <<END
{
  "role": "so",
  "password": "IamtheHSM SO",
  "ped": ""
}
END
curl -X POST $LUNA/api/lunasa/hsms/$HSM/partitions -H "$JSON" -d @- <<END
{
  "name": "clusterpar",
  "allStorageSpace": false,
  "hasPso": true,
  "size": 648381,
  "version": 1
}
END
curl $LUNA/api/lunasa/hsms/$HSM/partitions
PARTITION=$LUNA$(curl $LUNA/api/lunasa/hsms/$HSM/partitions | grep -o '/api/[^"]*')
curl -X PUT $PARTITION -H "$JSON" -d @- <<END
{
  "label": "clusterpar",
  "password": "IamthePSO",
  "domain": "clusterdomain",
  "defaultDomain": false,
  "ped": ""
}
END

# Partition policy 40: Require Per-Key Authorization Data.
curl -X POST $PARTITION/login -H "$JSON" -d '{"role": "so", "password": "IamthePSO", "ped": ""}'
curl -X PUT $PARTITION/policies/40 -H "$JSON" -d '{"value": 0}'
curl $LUNA/tasks
TASK=$(curl $LUNA/tasks | grep -o '"/tasks/[0-9]*"' | tail -n 1 | tr -d '"')
curl -X POST $LUNA$TASK/actions/start
curl $LUNA$TASK
curl $PARTITION/policies/40

# The Crypto Officer, whose first password has to be changed (HSM policy 21).
curl -X PUT $PARTITION/roles/co -H "$JSON" -d '{"password": "IamnewCO", "ped": ""}'
curl $PARTITION/roles/co
curl -X PATCH $PARTITION/roles/co -H "$JSON" -d @- <<END
{
  "oldPassword": "IamnewCO",
  "newPassword": "IamtheCO"
}
END
curl $PARTITION/roles/co
