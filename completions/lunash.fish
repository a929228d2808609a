# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_lunash_global_optspecs
    string join \n c/command= f/file= q/quiet output= fail-fast timeout= strict yes answer= last-attempt host= real user= profile= fingerprint= ca= data= record= record-overwrite record-times list-commands generate= via= ssh-port= ssh-option= put= get= all h/help V/version
end

function __fish_lunash_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_lunash_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_lunash_using_subcommand
    set -l cmd (__fish_lunash_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c lunash -n "__fish_lunash_needs_command" -s c -l command -d 'Run this command (can be repeated: one session)' -r
complete -c lunash -n "__fish_lunash_needs_command" -s f -l file -d 'Run the commands of this file; - is standard input' -r -F
complete -c lunash -n "__fish_lunash_needs_command" -l output -d 'How results are written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c lunash -n "__fish_lunash_needs_command" -l timeout -d 'The longest time a command may take, questions apart [default: 300]' -r
complete -c lunash -n "__fish_lunash_needs_command" -l answer -d 'Answer a question with this text (can be repeated; taken in order; not for passwords)' -r
complete -c lunash -n "__fish_lunash_needs_command" -l host -d 'The appliance, as HOST, HOST:PORT or USER@HOST; without one an emulated appliance of your own is used' -r -f -a "(__fish_print_hostnames)"
complete -c lunash -n "__fish_lunash_needs_command" -l user -d 'The appliance account' -r
complete -c lunash -n "__fish_lunash_needs_command" -l profile -d 'A profile of the configuration file' -r
complete -c lunash -n "__fish_lunash_needs_command" -l fingerprint -d 'The SHA-256 fingerprint the appliance\'s certificate must have' -r
complete -c lunash -n "__fish_lunash_needs_command" -l ca -d 'A PEM file of the authorities that vouch for the appliance\'s certificate' -r -F
complete -c lunash -n "__fish_lunash_needs_command" -l data -d 'The folder of the emulated appliance' -r -f -a "(__fish_complete_directories)"
complete -c lunash -n "__fish_lunash_needs_command" -l record -d 'Write the session into this new file: commands, answers and results, no secrets' -r -F
complete -c lunash -n "__fish_lunash_needs_command" -l generate -d 'Write a manual page, a completion script, the abbreviation table or the schema of results' -r -f -a "man\t'The manual page'
bash\t'Completion for bash'
fish\t'Completion for fish'
zsh\t'Completion for zsh'
abbreviations\t'The shortest accepted spelling of every command'
schema\t'The JSON schema of what `--output json` writes'"
complete -c lunash -n "__fish_lunash_needs_command" -l via -d 'The way to the appliance: its REST API, its own shell over ssh, or what each command needs' -r -f -a "rest\t'The REST API'
ssh\t'The appliance\'s own shell, through the ssh program of this machine'
auto\t'The REST API, and the shell for what it does not have'"
complete -c lunash -n "__fish_lunash_needs_command" -l ssh-port -d 'The port of the appliance\'s SSH, where ssh\'s own configuration does not say it; with --via ssh that behind the host is taken too' -r
complete -c lunash -n "__fish_lunash_needs_command" -l ssh-option -d 'An option for ssh, as behind its -o (can be repeated)' -r
complete -c lunash -n "__fish_lunash_needs_command" -l put -d 'Copy these files to the account\'s files on the appliance; no command is run' -r -F
complete -c lunash -n "__fish_lunash_needs_command" -l get -d 'Copy files of the account on the appliance to the working directory; no command is run' -r
complete -c lunash -n "__fish_lunash_needs_command" -s q -l quiet -d 'No banner, and no remarks on standard error'
complete -c lunash -n "__fish_lunash_needs_command" -l fail-fast -d 'Stop at the first command that does not succeed'
complete -c lunash -n "__fish_lunash_needs_command" -l strict -d 'Refuse abbreviated words and options'
complete -c lunash -n "__fish_lunash_needs_command" -l yes -d 'Answer every \'proceed\' question with proceed'
complete -c lunash -n "__fish_lunash_needs_command" -l last-attempt -d 'Use the last login attempt before a lock-out or zeroization'
complete -c lunash -n "__fish_lunash_needs_command" -l real -d 'Never use an emulated appliance of your own: without a host, refuse'
complete -c lunash -n "__fish_lunash_needs_command" -l record-overwrite -d 'Replace the file of --record if it is there'
complete -c lunash -n "__fish_lunash_needs_command" -l record-times -d 'Write into the file of --record when each command was given'
complete -c lunash -n "__fish_lunash_needs_command" -l list-commands -d 'List every command, tab-separated: path, syntax, roles, REST, provenance'
complete -c lunash -n "__fish_lunash_needs_command" -l all -d 'Every appliance that the configuration file has a profile of'
complete -c lunash -n "__fish_lunash_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lunash -n "__fish_lunash_needs_command" -s V -l version -d 'Print version'
complete -c lunash -n "__fish_lunash_needs_command" -a "apply" -d 'Make appliances what a runbook says: see what is there, show the lines to type, ask, and type them'
complete -c lunash -n "__fish_lunash_needs_command" -a "export" -d 'Write a runbook of an appliance as it is'
complete -c lunash -n "__fish_lunash_needs_command" -a "evidence" -d 'Show what has to be proved of a client or a partition before a change is closed'
complete -c lunash -n "__fish_lunash_needs_command" -a "firewall" -d 'Write what a firewall has to let through for a client, and try it'
complete -c lunash -n "__fish_lunash_needs_command" -a "incident" -d 'Find the layer at which a client fails, and what mends it'
complete -c lunash -n "__fish_lunash_needs_command" -a "inventory" -d 'List every appliance of the configuration, or those that are named: what each is and holds'
complete -c lunash -n "__fish_lunash_needs_command" -a "serve-metrics" -d 'Serve the inventory as metrics that Prometheus scrapes, until Ctrl-C or SIGTERM'
complete -c lunash -n "__fish_lunash_needs_command" -a "verify" -d 'Play transcripts, and compare what is shown with what they hold'
complete -c lunash -n "__fish_lunash_using_subcommand apply" -l output -d 'How results are written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c lunash -n "__fish_lunash_using_subcommand apply" -l timeout -d 'The longest time a command may take, questions apart [default: 300]' -r
complete -c lunash -n "__fish_lunash_using_subcommand apply" -l host -d 'The appliance, as HOST, HOST:PORT or USER@HOST; without one an emulated appliance of your own is used' -r -f -a "(__fish_print_hostnames)"
complete -c lunash -n "__fish_lunash_using_subcommand apply" -l user -d 'The appliance account' -r
complete -c lunash -n "__fish_lunash_using_subcommand apply" -l profile -d 'A profile of the configuration file' -r
complete -c lunash -n "__fish_lunash_using_subcommand apply" -l fingerprint -d 'The SHA-256 fingerprint the appliance\'s certificate must have' -r
complete -c lunash -n "__fish_lunash_using_subcommand apply" -l ca -d 'A PEM file of the authorities that vouch for the appliance\'s certificate' -r -F
complete -c lunash -n "__fish_lunash_using_subcommand apply" -l data -d 'The folder of the emulated appliance' -r -f -a "(__fish_complete_directories)"
complete -c lunash -n "__fish_lunash_using_subcommand apply" -l plan -d 'Show what would be done, and end: with status 6 if there is something'
complete -c lunash -n "__fish_lunash_using_subcommand apply" -l yes -l force -d 'Do what was planned without a question'
complete -c lunash -n "__fish_lunash_using_subcommand apply" -l schema -d 'Write the JSON schema of a runbook, by which editors complete it'
complete -c lunash -n "__fish_lunash_using_subcommand apply" -s q -l quiet -d 'No banner, and no remarks on standard error'
complete -c lunash -n "__fish_lunash_using_subcommand apply" -l real -d 'Never use an emulated appliance of your own: without a host, refuse'
complete -c lunash -n "__fish_lunash_using_subcommand apply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lunash -n "__fish_lunash_using_subcommand export" -l output -d 'How results are written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c lunash -n "__fish_lunash_using_subcommand export" -l timeout -d 'The longest time a command may take, questions apart [default: 300]' -r
complete -c lunash -n "__fish_lunash_using_subcommand export" -l host -d 'The appliance, as HOST, HOST:PORT or USER@HOST; without one an emulated appliance of your own is used' -r -f -a "(__fish_print_hostnames)"
complete -c lunash -n "__fish_lunash_using_subcommand export" -l user -d 'The appliance account' -r
complete -c lunash -n "__fish_lunash_using_subcommand export" -l profile -d 'A profile of the configuration file' -r
complete -c lunash -n "__fish_lunash_using_subcommand export" -l fingerprint -d 'The SHA-256 fingerprint the appliance\'s certificate must have' -r
complete -c lunash -n "__fish_lunash_using_subcommand export" -l ca -d 'A PEM file of the authorities that vouch for the appliance\'s certificate' -r -F
complete -c lunash -n "__fish_lunash_using_subcommand export" -l data -d 'The folder of the emulated appliance' -r -f -a "(__fish_complete_directories)"
complete -c lunash -n "__fish_lunash_using_subcommand export" -s q -l quiet -d 'No banner, and no remarks on standard error'
complete -c lunash -n "__fish_lunash_using_subcommand export" -l real -d 'Never use an emulated appliance of your own: without a host, refuse'
complete -c lunash -n "__fish_lunash_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lunash -n "__fish_lunash_using_subcommand evidence" -l client -d 'A client, with its partitions' -r
complete -c lunash -n "__fish_lunash_using_subcommand evidence" -l partition -d 'A partition, with its clients' -r
complete -c lunash -n "__fish_lunash_using_subcommand evidence" -l format -d 'How it is written [default: text, or json with --output json]' -r -f -a "text\t'Text'
json\t'One JSON object'
html\t'One page of HTML, which loads nothing and prints on A4'"
complete -c lunash -n "__fish_lunash_using_subcommand evidence" -l to -d 'Write it into this file' -r -F
complete -c lunash -n "__fish_lunash_using_subcommand evidence" -l sign -d 'Sign a text that names the evidence with the private key of this label, and verify it' -r
complete -c lunash -n "__fish_lunash_using_subcommand evidence" -l auditor -d 'The account that may read the audit log; without it the one that reads the rest' -r
complete -c lunash -n "__fish_lunash_using_subcommand evidence" -l lines -d 'How many lines of each log are taken, the last ones' -r
complete -c lunash -n "__fish_lunash_using_subcommand evidence" -l output -d 'How results are written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c lunash -n "__fish_lunash_using_subcommand evidence" -l timeout -d 'The longest time a command may take, questions apart [default: 300]' -r
complete -c lunash -n "__fish_lunash_using_subcommand evidence" -l host -d 'The appliance, as HOST, HOST:PORT or USER@HOST; without one an emulated appliance of your own is used' -r -f -a "(__fish_print_hostnames)"
complete -c lunash -n "__fish_lunash_using_subcommand evidence" -l user -d 'The appliance account' -r
complete -c lunash -n "__fish_lunash_using_subcommand evidence" -l profile -d 'A profile of the configuration file' -r
complete -c lunash -n "__fish_lunash_using_subcommand evidence" -l fingerprint -d 'The SHA-256 fingerprint the appliance\'s certificate must have' -r
complete -c lunash -n "__fish_lunash_using_subcommand evidence" -l ca -d 'A PEM file of the authorities that vouch for the appliance\'s certificate' -r -F
complete -c lunash -n "__fish_lunash_using_subcommand evidence" -l data -d 'The folder of the emulated appliance' -r -f -a "(__fish_complete_directories)"
complete -c lunash -n "__fish_lunash_using_subcommand evidence" -s q -l quiet -d 'No banner, and no remarks on standard error'
complete -c lunash -n "__fish_lunash_using_subcommand evidence" -l real -d 'Never use an emulated appliance of your own: without a host, refuse'
complete -c lunash -n "__fish_lunash_using_subcommand evidence" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lunash -n "__fish_lunash_using_subcommand firewall" -l client -d 'The client, registered or not' -r
complete -c lunash -n "__fish_lunash_using_subcommand firewall" -l source -d 'The client\'s address [default: the one it is registered with]' -r
complete -c lunash -n "__fish_lunash_using_subcommand firewall" -l admin -d 'The address from where the appliance is managed [default: that of this machine]' -r
complete -c lunash -n "__fish_lunash_using_subcommand firewall" -l ntls-port -d 'The port of NTLS, where something on the way translates it' -r
complete -c lunash -n "__fish_lunash_using_subcommand firewall" -l owner -d 'Who answers for the rules [default: the owner in the profile]' -r
complete -c lunash -n "__fish_lunash_using_subcommand firewall" -l expires -d 'The day on which the rules end, or are reviewed' -r
complete -c lunash -n "__fish_lunash_using_subcommand firewall" -l format -d 'How the request is written [default: text, or json with --output json]' -r -f -a "text\t'A table'
json\t'One JSON object'
csv\t'Comma-separated values'"
complete -c lunash -n "__fish_lunash_using_subcommand firewall" -l to -d 'Write it into this file' -r -F
complete -c lunash -n "__fish_lunash_using_subcommand firewall" -l output -d 'How results are written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c lunash -n "__fish_lunash_using_subcommand firewall" -l timeout -d 'The longest time a command may take, questions apart [default: 300]' -r
complete -c lunash -n "__fish_lunash_using_subcommand firewall" -l host -d 'The appliance, as HOST, HOST:PORT or USER@HOST; without one an emulated appliance of your own is used' -r -f -a "(__fish_print_hostnames)"
complete -c lunash -n "__fish_lunash_using_subcommand firewall" -l user -d 'The appliance account' -r
complete -c lunash -n "__fish_lunash_using_subcommand firewall" -l profile -d 'A profile of the configuration file' -r
complete -c lunash -n "__fish_lunash_using_subcommand firewall" -l fingerprint -d 'The SHA-256 fingerprint the appliance\'s certificate must have' -r
complete -c lunash -n "__fish_lunash_using_subcommand firewall" -l ca -d 'A PEM file of the authorities that vouch for the appliance\'s certificate' -r -F
complete -c lunash -n "__fish_lunash_using_subcommand firewall" -l data -d 'The folder of the emulated appliance' -r -f -a "(__fish_complete_directories)"
complete -c lunash -n "__fish_lunash_using_subcommand firewall" -l check -d 'Try a TCP connection to each destination, from this machine'
complete -c lunash -n "__fish_lunash_using_subcommand firewall" -s q -l quiet -d 'No banner, and no remarks on standard error'
complete -c lunash -n "__fish_lunash_using_subcommand firewall" -l real -d 'Never use an emulated appliance of your own: without a host, refuse'
complete -c lunash -n "__fish_lunash_using_subcommand firewall" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lunash -n "__fish_lunash_using_subcommand incident" -l client -d 'The client, by the name it is registered with' -r
complete -c lunash -n "__fish_lunash_using_subcommand incident" -l ntls-port -d 'The port of NTLS, where something on the way translates it' -r
complete -c lunash -n "__fish_lunash_using_subcommand incident" -l output -d 'How results are written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c lunash -n "__fish_lunash_using_subcommand incident" -l timeout -d 'The longest time a command may take, questions apart [default: 300]' -r
complete -c lunash -n "__fish_lunash_using_subcommand incident" -l host -d 'The appliance, as HOST, HOST:PORT or USER@HOST; without one an emulated appliance of your own is used' -r -f -a "(__fish_print_hostnames)"
complete -c lunash -n "__fish_lunash_using_subcommand incident" -l user -d 'The appliance account' -r
complete -c lunash -n "__fish_lunash_using_subcommand incident" -l profile -d 'A profile of the configuration file' -r
complete -c lunash -n "__fish_lunash_using_subcommand incident" -l fingerprint -d 'The SHA-256 fingerprint the appliance\'s certificate must have' -r
complete -c lunash -n "__fish_lunash_using_subcommand incident" -l ca -d 'A PEM file of the authorities that vouch for the appliance\'s certificate' -r -F
complete -c lunash -n "__fish_lunash_using_subcommand incident" -l data -d 'The folder of the emulated appliance' -r -f -a "(__fish_complete_directories)"
complete -c lunash -n "__fish_lunash_using_subcommand incident" -s q -l quiet -d 'No banner, and no remarks on standard error'
complete -c lunash -n "__fish_lunash_using_subcommand incident" -l real -d 'Never use an emulated appliance of your own: without a host, refuse'
complete -c lunash -n "__fish_lunash_using_subcommand incident" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lunash -n "__fish_lunash_using_subcommand inventory" -l format -d 'How the rows are written [default: text, or json with --output json]' -r -f -a "text\t'A table'
json\t'One JSON object'
csv\t'Comma-separated values'
prometheus\t'Metrics in the text format of Prometheus'"
complete -c lunash -n "__fish_lunash_using_subcommand inventory" -l to -d 'Write them into this file, replacing it at once, as node_exporter\'s textfile collector needs it' -r -F
complete -c lunash -n "__fish_lunash_using_subcommand inventory" -l output -d 'How results are written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c lunash -n "__fish_lunash_using_subcommand inventory" -l timeout -d 'The longest time a command may take, questions apart [default: 300]' -r
complete -c lunash -n "__fish_lunash_using_subcommand inventory" -l host -d 'The appliance, as HOST, HOST:PORT or USER@HOST; without one an emulated appliance of your own is used' -r -f -a "(__fish_print_hostnames)"
complete -c lunash -n "__fish_lunash_using_subcommand inventory" -l user -d 'The appliance account' -r
complete -c lunash -n "__fish_lunash_using_subcommand inventory" -l profile -d 'A profile of the configuration file' -r
complete -c lunash -n "__fish_lunash_using_subcommand inventory" -l fingerprint -d 'The SHA-256 fingerprint the appliance\'s certificate must have' -r
complete -c lunash -n "__fish_lunash_using_subcommand inventory" -l ca -d 'A PEM file of the authorities that vouch for the appliance\'s certificate' -r -F
complete -c lunash -n "__fish_lunash_using_subcommand inventory" -l data -d 'The folder of the emulated appliance' -r -f -a "(__fish_complete_directories)"
complete -c lunash -n "__fish_lunash_using_subcommand inventory" -s q -l quiet -d 'No banner, and no remarks on standard error'
complete -c lunash -n "__fish_lunash_using_subcommand inventory" -l real -d 'Never use an emulated appliance of your own: without a host, refuse'
complete -c lunash -n "__fish_lunash_using_subcommand inventory" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lunash -n "__fish_lunash_using_subcommand serve-metrics" -l listen -d 'Where to listen; port 0 takes a free one. Whoever reaches it may read' -r
complete -c lunash -n "__fish_lunash_using_subcommand serve-metrics" -l output -d 'How results are written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c lunash -n "__fish_lunash_using_subcommand serve-metrics" -l timeout -d 'The longest time a command may take, questions apart [default: 300]' -r
complete -c lunash -n "__fish_lunash_using_subcommand serve-metrics" -l host -d 'The appliance, as HOST, HOST:PORT or USER@HOST; without one an emulated appliance of your own is used' -r -f -a "(__fish_print_hostnames)"
complete -c lunash -n "__fish_lunash_using_subcommand serve-metrics" -l user -d 'The appliance account' -r
complete -c lunash -n "__fish_lunash_using_subcommand serve-metrics" -l profile -d 'A profile of the configuration file' -r
complete -c lunash -n "__fish_lunash_using_subcommand serve-metrics" -l fingerprint -d 'The SHA-256 fingerprint the appliance\'s certificate must have' -r
complete -c lunash -n "__fish_lunash_using_subcommand serve-metrics" -l ca -d 'A PEM file of the authorities that vouch for the appliance\'s certificate' -r -F
complete -c lunash -n "__fish_lunash_using_subcommand serve-metrics" -l data -d 'The folder of the emulated appliance' -r -f -a "(__fish_complete_directories)"
complete -c lunash -n "__fish_lunash_using_subcommand serve-metrics" -s q -l quiet -d 'No banner, and no remarks on standard error'
complete -c lunash -n "__fish_lunash_using_subcommand serve-metrics" -l real -d 'Never use an emulated appliance of your own: without a host, refuse'
complete -c lunash -n "__fish_lunash_using_subcommand serve-metrics" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lunash -n "__fish_lunash_using_subcommand verify" -l junit -d 'Write the results into this file, as JUnit\'s XML' -r -F
complete -c lunash -n "__fish_lunash_using_subcommand verify" -l output -d 'How results are written' -r -f -a "luna\t'Luna\'s own text'
json\t'One JSON object per command'"
complete -c lunash -n "__fish_lunash_using_subcommand verify" -l timeout -d 'The longest time a command may take, questions apart [default: 300]' -r
complete -c lunash -n "__fish_lunash_using_subcommand verify" -l host -d 'The appliance, as HOST, HOST:PORT or USER@HOST; without one an emulated appliance of your own is used' -r -f -a "(__fish_print_hostnames)"
complete -c lunash -n "__fish_lunash_using_subcommand verify" -l user -d 'The appliance account' -r
complete -c lunash -n "__fish_lunash_using_subcommand verify" -l profile -d 'A profile of the configuration file' -r
complete -c lunash -n "__fish_lunash_using_subcommand verify" -l fingerprint -d 'The SHA-256 fingerprint the appliance\'s certificate must have' -r
complete -c lunash -n "__fish_lunash_using_subcommand verify" -l ca -d 'A PEM file of the authorities that vouch for the appliance\'s certificate' -r -F
complete -c lunash -n "__fish_lunash_using_subcommand verify" -l data -d 'The folder of the emulated appliance' -r -f -a "(__fish_complete_directories)"
complete -c lunash -n "__fish_lunash_using_subcommand verify" -l update -d 'Write what is shown now into the files that differ; wildcards stay where they still match'
complete -c lunash -n "__fish_lunash_using_subcommand verify" -s q -l quiet -d 'No banner, and no remarks on standard error'
complete -c lunash -n "__fish_lunash_using_subcommand verify" -l real -d 'Never use an emulated appliance of your own: without a host, refuse'
complete -c lunash -n "__fish_lunash_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
