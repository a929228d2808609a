# Cluster Administration Guide (7.8.5), chapter 7, REST API: check the installed version in three
# ways. Documented: the calls, the package's name, the line to search for. Assumed: answers.
# before: create
curl $MEMBER
curl $LUNA/api/lunasa/packages
curl -X POST $LUNA/api/lunasa/hsms/$HSM/supportInfo
curl $LUNA/users/admin/files

# Files are downloaded as compressed tar.
curl -w '' $LUNA/users/admin/files/supportInfo.txt/download | tar -xzf -
grep cluster_service supportInfo.txt
