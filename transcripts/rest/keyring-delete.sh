# Cluster Administration Guide (7.8.5), chapter 5, REST API: delete a keyring.
# Documented: the calls and the body; a label stands for a keyring too. Assumed: answers.
# before: keyrings
curl -X DELETE $LUNA/api/keyrings/$KEYRING -H "$JSON" -d @- <<END
{
  "authentication": [
    {
      "type": "CO",
      "password": "IamtheCO"
    }
  ]
}
END
curl $LUNA/api/keyrings/$KEYRING
curl -X DELETE $LUNA/api/keyrings/myKeyring109 -H "$JSON" -d @- <<END
{
  "authentication": [
    {
      "type": "CO",
      "password": "IamtheCO"
    }
  ]
}
END
curl $LUNA/api/keyrings
