# Cluster Administration Guide (7.8.5), chapter 5, REST API: create new keyrings.
# Documented: the calls and the body. Assumed: answers; a label gets its number behind it.
# before: create
curl -X POST $LUNA/api/keyrings -H "$JSON" -d @- <<END
{
  "authentication": [
    {
      "type": "CO",
      "password": "IamtheCO",
      "partitionLabel": "clusterpar"
    }
  ],
  "keyRingLabel": "myKeyring",
  "keyRingPassword": "keyringpassword",
  "total": 10,
  "index": 100
}
END
curl $LUNA/api/keyrings
KEYRING=$(curl $LUNA/api/keyrings | grep -o '[0-9a-f-]\{36\}' | head -n 1)
curl $LUNA/api/keyrings/$KEYRING
