complete -c lunacm -s c -l command -d 'Run this command (can be repeated: one session)' -r
complete -c lunacm -s f -l file -d 'Run the commands of this file; - is standard input' -r -F
complete -c lunacm -l output -d 'How results are written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c lunacm -l timeout -d 'The longest time a command may take, questions apart [default: 300]' -r
complete -c lunacm -l answer -d 'Answer a question with this text (can be repeated; taken in order; not for passwords)' -r
complete -c lunacm -l host -d 'The appliance, as HOST, HOST:PORT or USER@HOST; without one an emulated appliance of your own is used' -r -f -a "(__fish_print_hostnames)"
complete -c lunacm -l user -d 'The appliance account' -r
complete -c lunacm -l profile -d 'A profile of the configuration file' -r
complete -c lunacm -l fingerprint -d 'The SHA-256 fingerprint the appliance\'s certificate must have' -r
complete -c lunacm -l ca -d 'A PEM file of the authorities that vouch for the appliance\'s certificate' -r -F
complete -c lunacm -l data -d 'The folder of the emulated appliance' -r -f -a "(__fish_complete_directories)"
complete -c lunacm -l generate -d 'Write a manual page, a completion script, the abbreviation table or the schema of results' -r -f -a "man\t'The manual page'
bash\t'Completion for bash'
fish\t'Completion for fish'
zsh\t'Completion for zsh'
abbreviations\t'The shortest accepted spelling of every command'
schema\t'The JSON schema of what `--output json` writes'"
complete -c lunacm -l client -d 'The NTLS client whose slots are shown; without it the one whose certificate Chrystoki.conf names' -r
complete -c lunacm -l backup-hsm -d 'An emulated Backup HSM at this machine, by its folder, which is made when it is not there (can be repeated)' -r -f -a "(__fish_complete_directories)"
complete -c lunacm -s q -l quiet -d 'No banner, and no remarks on standard error'
complete -c lunacm -l fail-fast -d 'Stop at the first command that does not succeed'
complete -c lunacm -l strict -d 'Refuse abbreviated words and options'
complete -c lunacm -l yes -d 'Answer every \'proceed\' question with proceed'
complete -c lunacm -l last-attempt -d 'Use the last login attempt before a lock-out or zeroization'
complete -c lunacm -l real -d 'Never use an emulated appliance of your own: without a host, refuse'
complete -c lunacm -l list-commands -d 'List every command, tab-separated: path, syntax, roles, REST, provenance'
complete -c lunacm -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lunacm -s V -l version -d 'Print version'
