# Cluster Administration Guide (7.8.5), chapter 2, REST API, step 3: install the secure package
# lnh_cluster. Documented: the calls. Assumed: answers; the product's field for the file's name.
# before: partition
# An emulated appliance takes emulated packages.
luna-appliance package lnh_cluster 1.0.4-122 --out lnh_cluster-1.0.4-122.spkg \
  --authcode 5/Rd79MAGd/G9EY5
curl -X POST $LUNA/users/admin/files -F file=@lnh_cluster-1.0.4-122.spkg
curl -X POST $LUNA/api/lunasa/hsms/$HSM/login -H "$JSON" -d @- <<END
{
  "role": "so",
  "password": "IamtheHSM SO",
  "ped": ""
}
END
curl $LUNA/users/admin/files

# A wrong authorization code, the right one, and what the task found.
curl -X POST "$LUNA/api/lunasa/packageFiles?VerifyOnly=true" -H "$JSON" -d @- <<END
{
  "authCode": "pHLJtJ7/xJXS/FFK",
  "file": "lnh_cluster-1.0.4-122.spkg"
}
END
curl -X POST "$LUNA/api/lunasa/packageFiles?VerifyOnly=true" -H "$JSON" -d @- <<END
{
  "authCode": "5/Rd79MAGd/G9EY5",
  "file": "lnh_cluster-1.0.4-122.spkg"
}
END
TASK=$(curl $LUNA/tasks | grep -o '"/tasks/[0-9]*"' | tail -n 1 | tr -d '"')
curl $LUNA$TASK/response
curl -X POST "$LUNA/api/lunasa/packageFiles?VerifyOnly=false" -H "$JSON" -d @- <<END
{
  "authCode": "5/Rd79MAGd/G9EY5",
  "file": "lnh_cluster-1.0.4-122.spkg"
}
END
TASK=$(curl $LUNA/tasks | grep -o '"/tasks/[0-9]*"' | tail -n 1 | tr -d '"')
curl $LUNA$TASK/response
