complete -c cmu -s c -l command -d 'Run this command (can be repeated: one session)' -r
complete -c cmu -s f -l file -d 'Run the commands of this file; - is standard input' -r -F
complete -c cmu -l output -d 'How results are written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c cmu -l timeout -d 'The longest time a command may take, questions apart [default: 300]' -r
complete -c cmu -l answer -d 'Answer a question with this text (can be repeated; taken in order; not for passwords)' -r
complete -c cmu -l host -d 'The appliance, as HOST, HOST:PORT or USER@HOST; without one an emulated appliance of your own is used' -r -f -a "(__fish_print_hostnames)"
complete -c cmu -l user -d 'The appliance account' -r
complete -c cmu -l profile -d 'A profile of the configuration file' -r
complete -c cmu -l fingerprint -d 'The SHA-256 fingerprint the appliance\'s certificate must have' -r
complete -c cmu -l ca -d 'A PEM file of the authorities that vouch for the appliance\'s certificate' -r -F
complete -c cmu -l data -d 'The folder of the emulated appliance' -r -f -a "(__fish_complete_directories)"
complete -c cmu -l record -d 'Write the session into this new file: commands, answers and results, no secrets' -r -F
complete -c cmu -l generate -d 'Write a manual page, a completion script, the abbreviation table or the schema of results' -r -f -a "man\t'The manual page'
bash\t'Completion for bash'
fish\t'Completion for fish'
zsh\t'Completion for zsh'
abbreviations\t'The shortest accepted spelling of every command'
schema\t'The JSON schema of what `--output json` writes'"
complete -c cmu -l client -d 'The NTLS client whose slots are shown; without it the one whose certificate Chrystoki.conf names' -r
complete -c cmu -s q -l quiet -d 'No banner, and no remarks on standard error'
complete -c cmu -l fail-fast -d 'Stop at the first command that does not succeed'
complete -c cmu -l strict -d 'Refuse abbreviated words and options'
complete -c cmu -l yes -d 'Answer every \'proceed\' question with proceed'
complete -c cmu -l last-attempt -d 'Use the last login attempt before a lock-out or zeroization'
complete -c cmu -l real -d 'Never use an emulated appliance of your own: without a host, refuse'
complete -c cmu -l record-overwrite -d 'Replace the file of --record if it is there'
complete -c cmu -l record-times -d 'Write into the file of --record when each command was given'
complete -c cmu -l list-commands -d 'List every command, tab-separated: path, syntax, roles, REST, provenance'
complete -c cmu -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cmu -s V -l version -d 'Print version'
