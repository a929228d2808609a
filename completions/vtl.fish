# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_vtl_global_optspecs
    string join \n config= install-dir= output= generate= h/help V/version
end

function __fish_vtl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_vtl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_vtl_using_subcommand
    set -l cmd (__fish_vtl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c vtl -n "__fish_vtl_needs_command" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_needs_command" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_needs_command" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_needs_command" -l generate -d 'Write a manual page or a completion script' -r -f -a "man\t'The manual page'
bash\t'Completion for bash'
fish\t'Completion for fish'
zsh\t'Completion for zsh'
abbreviations\t'The shortest accepted spelling of every command'
schema\t'The JSON schema of what `--output json` writes'"
complete -c vtl -n "__fish_vtl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_needs_command" -s V -l version -d 'Print version'
complete -c vtl -n "__fish_vtl_needs_command" -f -a "createCert" -d 'Make the client\'s key and certificate'
complete -c vtl -n "__fish_vtl_needs_command" -f -a "addServer" -d 'Trust an appliance and link with it'
complete -c vtl -n "__fish_vtl_needs_command" -f -a "deleteServer" -d 'Forget an appliance'
complete -c vtl -n "__fish_vtl_needs_command" -f -a "replaceServer" -d 'Put an appliance, or its new certificate, in the place of another'
complete -c vtl -n "__fish_vtl_needs_command" -f -a "listServers" -d 'List the appliances'
complete -c vtl -n "__fish_vtl_needs_command" -f -a "verify" -d 'Open every link and show the partitions behind them'
complete -c vtl -n "__fish_vtl_needs_command" -f -a "listSlots" -d 'List the slots'
complete -c vtl -n "__fish_vtl_needs_command" -f -a "fingerprint" -d 'Show the fingerprint of a certificate, the client\'s own without a file'
complete -c vtl -n "__fish_vtl_needs_command" -f -a "examineCert" -d 'Show a certificate, the client\'s own without a file'
complete -c vtl -n "__fish_vtl_needs_command" -f -a "haAdmin" -d 'Manage HA groups as clients 5.x and 6.x did; \'lunacm hagroup\' does it today'
complete -c vtl -n "__fish_vtl_needs_command" -f -a "supportInfo" -d 'Write what support asks for into c_supportInfo.txt'
complete -c vtl -n "__fish_vtl_needs_command" -f -a "version" -d 'Show the version'
complete -c vtl -n "__fish_vtl_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vtl -n "__fish_vtl_using_subcommand createCert" -s n -d 'The client\'s host name or address: its common name, and the name of the files' -r
complete -c vtl -n "__fish_vtl_using_subcommand createCert" -s c -d 'Country code' -r
complete -c vtl -n "__fish_vtl_using_subcommand createCert" -s s -d 'State or province' -r
complete -c vtl -n "__fish_vtl_using_subcommand createCert" -s l -d 'City' -r
complete -c vtl -n "__fish_vtl_using_subcommand createCert" -s o -d 'Organization' -r
complete -c vtl -n "__fish_vtl_using_subcommand createCert" -s u -d 'Unit within the organization' -r
complete -c vtl -n "__fish_vtl_using_subcommand createCert" -s e -d 'E-mail address' -r
complete -c vtl -n "__fish_vtl_using_subcommand createCert" -s P -d 'File of the private key, in place of the one named after the client' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand createCert" -s C -d 'File of the certificate, in place of the one named after the client' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand createCert" -s d -d 'Days of validity' -r
complete -c vtl -n "__fish_vtl_using_subcommand createCert" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand createCert" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_using_subcommand createCert" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_using_subcommand createCert" -s v -d 'Show the fields of the certificate'
complete -c vtl -n "__fish_vtl_using_subcommand createCert" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_using_subcommand addServer" -s n -d 'The appliance\'s host name or address' -r
complete -c vtl -n "__fish_vtl_using_subcommand addServer" -s c -d 'The appliance\'s certificate: the server.pem that was fetched from it' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand addServer" -l port -d 'The appliance\'s port of NTLS, where that is another than the product\'s' -r
complete -c vtl -n "__fish_vtl_using_subcommand addServer" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand addServer" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_using_subcommand addServer" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_using_subcommand addServer" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_using_subcommand deleteServer" -s n -d 'The appliance\'s host name or address' -r
complete -c vtl -n "__fish_vtl_using_subcommand deleteServer" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand deleteServer" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_using_subcommand deleteServer" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_using_subcommand deleteServer" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_using_subcommand replaceServer" -s o -d 'The appliance that goes' -r
complete -c vtl -n "__fish_vtl_using_subcommand replaceServer" -s n -d 'The appliance that comes' -r
complete -c vtl -n "__fish_vtl_using_subcommand replaceServer" -s c -d 'The certificate of the one that comes' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand replaceServer" -l port -d 'Its port of NTLS, where that is another than the product\'s' -r
complete -c vtl -n "__fish_vtl_using_subcommand replaceServer" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand replaceServer" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_using_subcommand replaceServer" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_using_subcommand replaceServer" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_using_subcommand listServers" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand listServers" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_using_subcommand listServers" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_using_subcommand listServers" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_using_subcommand verify" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand verify" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_using_subcommand verify" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_using_subcommand listSlots" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand listSlots" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_using_subcommand listSlots" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_using_subcommand listSlots" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_using_subcommand fingerprint" -s f -d 'The certificate; both letters are in use' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand fingerprint" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand fingerprint" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_using_subcommand fingerprint" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_using_subcommand fingerprint" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_using_subcommand examineCert" -s f -d 'The certificate; both letters are in use' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand examineCert" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand examineCert" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_using_subcommand examineCert" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_using_subcommand examineCert" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and not __fish_seen_subcommand_from newGroup addMember removeMember deleteGroup HAOnly autoRecovery synchronize show help" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and not __fish_seen_subcommand_from newGroup addMember removeMember deleteGroup HAOnly autoRecovery synchronize show help" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and not __fish_seen_subcommand_from newGroup addMember removeMember deleteGroup HAOnly autoRecovery synchronize show help" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and not __fish_seen_subcommand_from newGroup addMember removeMember deleteGroup HAOnly autoRecovery synchronize show help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and not __fish_seen_subcommand_from newGroup addMember removeMember deleteGroup HAOnly autoRecovery synchronize show help" -f -a "newGroup" -d 'Make a group of a first partition'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and not __fish_seen_subcommand_from newGroup addMember removeMember deleteGroup HAOnly autoRecovery synchronize show help" -f -a "addMember" -d 'Add a partition to a group'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and not __fish_seen_subcommand_from newGroup addMember removeMember deleteGroup HAOnly autoRecovery synchronize show help" -f -a "removeMember" -d 'Take a partition out of a group'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and not __fish_seen_subcommand_from newGroup addMember removeMember deleteGroup HAOnly autoRecovery synchronize show help" -f -a "deleteGroup" -d 'Forget a group'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and not __fish_seen_subcommand_from newGroup addMember removeMember deleteGroup HAOnly autoRecovery synchronize show help" -f -a "HAOnly" -d 'Let applications see groups alone'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and not __fish_seen_subcommand_from newGroup addMember removeMember deleteGroup HAOnly autoRecovery synchronize show help" -f -a "autoRecovery" -d 'Set how a member that has failed is taken up again'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and not __fish_seen_subcommand_from newGroup addMember removeMember deleteGroup HAOnly autoRecovery synchronize show help" -f -a "synchronize" -d 'Give all members the same objects'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and not __fish_seen_subcommand_from newGroup addMember removeMember deleteGroup HAOnly autoRecovery synchronize show help" -f -a "show" -d 'Show the groups'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and not __fish_seen_subcommand_from newGroup addMember removeMember deleteGroup HAOnly autoRecovery synchronize show help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from newGroup" -l serialnum -d 'Serial number of the partition' -r
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from newGroup" -l label -d 'Label of the group' -r
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from newGroup" -s p -l password -d 'Password of the Crypto Officer; without it LUNA_CO_PASSWORD gives it, or a question' -r
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from newGroup" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from newGroup" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from newGroup" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from newGroup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from addMember" -l group -d 'Number or label of the group' -r
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from addMember" -l serialnum -d 'Serial number of the partition' -r
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from addMember" -s p -l password -d 'Password of the Crypto Officer; without it LUNA_CO_PASSWORD gives it, or a question' -r
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from addMember" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from addMember" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from addMember" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from addMember" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from removeMember" -l group -d 'Number or label of the group' -r
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from removeMember" -l serialnum -d 'Serial number of the partition' -r
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from removeMember" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from removeMember" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from removeMember" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from removeMember" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from deleteGroup" -l group -d 'Number or label of the group' -r
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from deleteGroup" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from deleteGroup" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from deleteGroup" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from deleteGroup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from HAOnly" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from HAOnly" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from HAOnly" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from HAOnly" -l enable -d 'Groups alone'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from HAOnly" -l disable -d 'Groups and their members'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from HAOnly" -l show -d 'Show the setting'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from HAOnly" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from autoRecovery" -l retry -d 'Attempts: 0 for none, -1 without limit' -r
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from autoRecovery" -l interval -d 'Seconds between two of them' -r
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from autoRecovery" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from autoRecovery" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from autoRecovery" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from autoRecovery" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from synchronize" -l group -d 'Number or label of the group' -r
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from synchronize" -s p -l password -d 'Password of the Crypto Officer; without it LUNA_CO_PASSWORD gives it, or a question' -r
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from synchronize" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from synchronize" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from synchronize" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from synchronize" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from show" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from show" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from show" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from help" -f -a "newGroup" -d 'Make a group of a first partition'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from help" -f -a "addMember" -d 'Add a partition to a group'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from help" -f -a "removeMember" -d 'Take a partition out of a group'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from help" -f -a "deleteGroup" -d 'Forget a group'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from help" -f -a "HAOnly" -d 'Let applications see groups alone'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from help" -f -a "autoRecovery" -d 'Set how a member that has failed is taken up again'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from help" -f -a "synchronize" -d 'Give all members the same objects'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show the groups'
complete -c vtl -n "__fish_vtl_using_subcommand haAdmin; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vtl -n "__fish_vtl_using_subcommand supportInfo" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand supportInfo" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_using_subcommand supportInfo" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_using_subcommand supportInfo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_using_subcommand version" -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c vtl -n "__fish_vtl_using_subcommand version" -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c vtl -n "__fish_vtl_using_subcommand version" -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c vtl -n "__fish_vtl_using_subcommand version" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vtl -n "__fish_vtl_using_subcommand help; and not __fish_seen_subcommand_from createCert addServer deleteServer replaceServer listServers verify listSlots fingerprint examineCert haAdmin supportInfo version help" -f -a "createCert" -d 'Make the client\'s key and certificate'
complete -c vtl -n "__fish_vtl_using_subcommand help; and not __fish_seen_subcommand_from createCert addServer deleteServer replaceServer listServers verify listSlots fingerprint examineCert haAdmin supportInfo version help" -f -a "addServer" -d 'Trust an appliance and link with it'
complete -c vtl -n "__fish_vtl_using_subcommand help; and not __fish_seen_subcommand_from createCert addServer deleteServer replaceServer listServers verify listSlots fingerprint examineCert haAdmin supportInfo version help" -f -a "deleteServer" -d 'Forget an appliance'
complete -c vtl -n "__fish_vtl_using_subcommand help; and not __fish_seen_subcommand_from createCert addServer deleteServer replaceServer listServers verify listSlots fingerprint examineCert haAdmin supportInfo version help" -f -a "replaceServer" -d 'Put an appliance, or its new certificate, in the place of another'
complete -c vtl -n "__fish_vtl_using_subcommand help; and not __fish_seen_subcommand_from createCert addServer deleteServer replaceServer listServers verify listSlots fingerprint examineCert haAdmin supportInfo version help" -f -a "listServers" -d 'List the appliances'
complete -c vtl -n "__fish_vtl_using_subcommand help; and not __fish_seen_subcommand_from createCert addServer deleteServer replaceServer listServers verify listSlots fingerprint examineCert haAdmin supportInfo version help" -f -a "verify" -d 'Open every link and show the partitions behind them'
complete -c vtl -n "__fish_vtl_using_subcommand help; and not __fish_seen_subcommand_from createCert addServer deleteServer replaceServer listServers verify listSlots fingerprint examineCert haAdmin supportInfo version help" -f -a "listSlots" -d 'List the slots'
complete -c vtl -n "__fish_vtl_using_subcommand help; and not __fish_seen_subcommand_from createCert addServer deleteServer replaceServer listServers verify listSlots fingerprint examineCert haAdmin supportInfo version help" -f -a "fingerprint" -d 'Show the fingerprint of a certificate, the client\'s own without a file'
complete -c vtl -n "__fish_vtl_using_subcommand help; and not __fish_seen_subcommand_from createCert addServer deleteServer replaceServer listServers verify listSlots fingerprint examineCert haAdmin supportInfo version help" -f -a "examineCert" -d 'Show a certificate, the client\'s own without a file'
complete -c vtl -n "__fish_vtl_using_subcommand help; and not __fish_seen_subcommand_from createCert addServer deleteServer replaceServer listServers verify listSlots fingerprint examineCert haAdmin supportInfo version help" -f -a "haAdmin" -d 'Manage HA groups as clients 5.x and 6.x did; \'lunacm hagroup\' does it today'
complete -c vtl -n "__fish_vtl_using_subcommand help; and not __fish_seen_subcommand_from createCert addServer deleteServer replaceServer listServers verify listSlots fingerprint examineCert haAdmin supportInfo version help" -f -a "supportInfo" -d 'Write what support asks for into c_supportInfo.txt'
complete -c vtl -n "__fish_vtl_using_subcommand help; and not __fish_seen_subcommand_from createCert addServer deleteServer replaceServer listServers verify listSlots fingerprint examineCert haAdmin supportInfo version help" -f -a "version" -d 'Show the version'
complete -c vtl -n "__fish_vtl_using_subcommand help; and not __fish_seen_subcommand_from createCert addServer deleteServer replaceServer listServers verify listSlots fingerprint examineCert haAdmin supportInfo version help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c vtl -n "__fish_vtl_using_subcommand help; and __fish_seen_subcommand_from haAdmin" -f -a "newGroup" -d 'Make a group of a first partition'
complete -c vtl -n "__fish_vtl_using_subcommand help; and __fish_seen_subcommand_from haAdmin" -f -a "addMember" -d 'Add a partition to a group'
complete -c vtl -n "__fish_vtl_using_subcommand help; and __fish_seen_subcommand_from haAdmin" -f -a "removeMember" -d 'Take a partition out of a group'
complete -c vtl -n "__fish_vtl_using_subcommand help; and __fish_seen_subcommand_from haAdmin" -f -a "deleteGroup" -d 'Forget a group'
complete -c vtl -n "__fish_vtl_using_subcommand help; and __fish_seen_subcommand_from haAdmin" -f -a "HAOnly" -d 'Let applications see groups alone'
complete -c vtl -n "__fish_vtl_using_subcommand help; and __fish_seen_subcommand_from haAdmin" -f -a "autoRecovery" -d 'Set how a member that has failed is taken up again'
complete -c vtl -n "__fish_vtl_using_subcommand help; and __fish_seen_subcommand_from haAdmin" -f -a "synchronize" -d 'Give all members the same objects'
complete -c vtl -n "__fish_vtl_using_subcommand help; and __fish_seen_subcommand_from haAdmin" -f -a "show" -d 'Show the groups'
