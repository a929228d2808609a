# Cluster Administration Guide (7.8.5), chapter 5, note: unlock a keyring after 10 failed logins.
# Documented: the call, the lockout. Assumed: its body. The client's protocol is not public: an
# emulated appliance takes it as REST below /emulator.
# before: keyrings
CLUSTER=$(curl $LUNA/api/clusters | grep -o '[0-9a-f-]\{36\}')
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=app1 \
  -keyout app1Key.pem -out app1.pem 2> /dev/null
curl -o registered -X POST $LUNA/emulator/clusters/$CLUSTER/clients -H "$JSON" -d @- <<END
{
  "certificate": "$(awk '{ printf "%s\\n", $0 }' app1.pem)"
}
END

# The client proves that it has the key of its certificate to the appliance whose certificate it saw.
SEEN=$(openssl x509 -in known.pem -noout -fingerprint -sha256 | cut -d = -f 2)
printf 'luna cluster client\n%s\nSHA256:%s\n' $CLUSTER $SEEN > text
SIGNATURE=$(openssl dgst -sha256 -sign app1Key.pem text | base64 -w 0)
curl -o entered -X POST $LUNA/emulator/clusters/$CLUSTER/session -H "$JSON" -d @- <<END
{
  "commonName": "app1",
  "signature": "$SIGNATURE"
}
END
for GUESS in 01 02 03 04 05 06 07 08 09 10 11; do
  curl -X POST $LUNA/emulator/clusters/$CLUSTER/keyrings/$KEYRING/login -H "$JSON" -d @- <<END
{
  "role": "so",
  "password": "my-guess-$GUESS",
  "ped": ""
}
END
done

# The administrator looks at it, and unlocks it.
curl -K - -X POST $LUNA/auth/session <<END
user = "admin:Iamtheadm1n"
END
curl $LUNA/api/keyrings/$KEYRING
curl -X PATCH $LUNA/api/keyrings/$KEYRING -H "$JSON" -d @- <<END
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
