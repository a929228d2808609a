complete -c lunash -s c -l command -d 'Run this command (can be repeated: one session)' -r
complete -c lunash -s f -l file -d 'Run the commands of this file; - is standard input' -r -F
complete -c lunash -l output -d 'How results are written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c lunash -l timeout -d 'The longest time a command may take, questions apart [default: 300]' -r
complete -c lunash -l answer -d 'Answer a question with this text (can be repeated; taken in order; not for passwords)' -r
complete -c lunash -l host -d 'The appliance, as HOST, HOST:PORT or USER@HOST; without one an emulated appliance of your own is used' -r -f -a "(__fish_print_hostnames)"
complete -c lunash -l user -d 'The appliance account' -r
complete -c lunash -l profile -d 'A profile of the configuration file' -r
complete -c lunash -l fingerprint -d 'The SHA-256 fingerprint the appliance\'s certificate must have' -r
complete -c lunash -l ca -d 'A PEM file of the authorities that vouch for the appliance\'s certificate' -r -F
complete -c lunash -l data -d 'The folder of the emulated appliance' -r -f -a "(__fish_complete_directories)"
complete -c lunash -l generate -d 'Write a manual page, a completion script, the abbreviation table or the schema of results' -r -f -a "man\t'The manual page'
bash\t'Completion for bash'
fish\t'Completion for fish'
zsh\t'Completion for zsh'
abbreviations\t'The shortest accepted spelling of every command'
schema\t'The JSON schema of what `--output json` writes'"
complete -c lunash -l via -d 'The way to the appliance: its REST API, its own shell over ssh, or what each command needs' -r -f -a "rest\t'The REST API'
ssh\t'The appliance\'s own shell, through the ssh program of this machine'
auto\t'The REST API, and the shell for what it does not have'"
complete -c lunash -l ssh-port -d 'The port of the appliance\'s SSH, where ssh\'s own configuration does not say it; with --via ssh that behind the host is taken too' -r
complete -c lunash -l ssh-option -d 'An option for ssh, as behind its -o (can be repeated)' -r
complete -c lunash -l put -d 'Copy these files to the account\'s files on the appliance; no command is run' -r -F
complete -c lunash -l get -d 'Copy files of the account on the appliance to the working directory; no command is run' -r
complete -c lunash -s q -l quiet -d 'No banner, and no remarks on standard error'
complete -c lunash -l fail-fast -d 'Stop at the first command that does not succeed'
complete -c lunash -l strict -d 'Refuse abbreviated words and options'
complete -c lunash -l yes -d 'Answer every \'proceed\' question with proceed'
complete -c lunash -l last-attempt -d 'Use the last login attempt before a lock-out or zeroization'
complete -c lunash -l real -d 'Never use an emulated appliance of your own: without a host, refuse'
complete -c lunash -l list-commands -d 'List every command, tab-separated: path, syntax, roles, REST, provenance'
complete -c lunash -l all -d 'Every appliance that the configuration file has a profile of'
complete -c lunash -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lunash -s V -l version -d 'Print version'
