# Cluster Administration Guide (7.8.5), chapter 2, REST API, step 1: open a session to the Luna REST
# API. Documented: POST /auth/session, the change of the first password. Assumed: answers.
#
# known.pem is the certificate of the appliance's web server: that of the emulated appliance lies in
# web.pem of its data folder. The addresses below stand in for what a name server knows.
cat ~/.curlrc

# Whoever has another certificate, of the same name, is told nothing (60: cannot be authenticated).
openssl req -x509 -newkey ed25519 -nodes -subj /CN=luna1 -keyout /dev/null -out other.pem 2> /dev/null
curl --cacert other.pem $LUNA/api/lunasa 2> /dev/null; echo $?

# Passwords come from standard input: other users of the machine see the arguments of a command.
curl -K - -X POST $LUNA/auth/session <<END
user = "admin:PASSWORD"
END
curl $LUNA/api/lunasa/hsms

# The factory's password has to be changed before anything else.
JSON='Content-Type: application/vnd.safenetinc.lunasa+json;version='
curl -X POST $LUNA/users/admin/actions/changePassword -H "$JSON" -d @- <<END
{
  "currentPassword": "PASSWORD",
  "password": "Iamtheadm1n"
}
END
curl -K - -X POST $LUNA/auth/session <<END
user = "admin:Iamtheadm1n"
END
curl $LUNA/api/lunasa/hsms
