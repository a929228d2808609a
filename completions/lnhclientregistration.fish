complete -c lnhclientregistration -s n -l name -d 'Common name of the client\'s certificate, usually the client\'s address' -r
complete -c lnhclientregistration -s i -l ip -d 'Address of an authorized member: the client\'s entry to the cluster' -r
complete -c lnhclientregistration -s c -l cluster -d 'UUID of the cluster (\'cluster list\' in lunash shows it)' -r
complete -c lnhclientregistration -s l -l label -d 'A label for the client' -r
complete -c lnhclientregistration -s u -l user -d 'An appliance account with the role monitor to associate with the client' -r
complete -c lnhclientregistration -l admin-port -d 'The member\'s port for administration' -r
complete -c lnhclientregistration -l remove -d 'Remove a cluster from this client: its index or its UUID' -r
complete -c lnhclientregistration -l config -d 'The client\'s configuration file; without it Chrystoki.conf in the folder that ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna' -r -F
complete -c lnhclientregistration -l install-dir -d 'Where the client is installed; without it the parent of the configuration\'s ToolsDir, or /usr/safenet/lunaclient if it is there, or the folder of the configuration file' -r -f -a "(__fish_complete_directories)"
complete -c lnhclientregistration -l fingerprint -d 'The SHA-256 fingerprint the member\'s certificate must have' -r
complete -c lnhclientregistration -l timeout -d 'The longest time a command may take, questions apart [default: 300]' -r
complete -c lnhclientregistration -l output -d 'How the result is written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c lnhclientregistration -l generate -d 'Write a manual page or a completion script' -r -f -a "man\t'The manual page'
bash\t'Completion for bash'
fish\t'Completion for fish'
zsh\t'Completion for zsh'
abbreviations\t'The shortest accepted spelling of every command'
schema\t'The JSON schema of what `--output json` writes'"
complete -c lnhclientregistration -s m -l multiple -d 'Add the cluster at the next free index instead of index 00'
complete -c lnhclientregistration -l list -d 'List the clusters this client is registered with'
complete -c lnhclientregistration -l yes -d 'Answer every \'proceed\' question with proceed'
complete -c lnhclientregistration -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lnhclientregistration -s V -l version -d 'Print version'
