# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_luna_appliance_global_optspecs
    string join \n timeout= h/help V/version
end

function __fish_luna_appliance_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_luna_appliance_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_luna_appliance_using_subcommand
    set -l cmd (__fish_luna_appliance_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c luna-appliance -n "__fish_luna_appliance_needs_command" -l timeout -d 'The longest time for a request to an appliance' -r
complete -c luna-appliance -n "__fish_luna_appliance_needs_command" -s h -l help -d 'Print help'
complete -c luna-appliance -n "__fish_luna_appliance_needs_command" -s V -l version -d 'Print version'
complete -c luna-appliance -n "__fish_luna_appliance_needs_command" -f -a "serve" -d 'Serve the REST API of one appliance until SIGTERM or Ctrl-C'
complete -c luna-appliance -n "__fish_luna_appliance_needs_command" -f -a "stop" -d 'End the appliance that runs on a folder: all it has acknowledged is stored, requests under way are answered'
complete -c luna-appliance -n "__fish_luna_appliance_needs_command" -f -a "package" -d 'Write a package file that the emulated appliance installs, and print its authorization code'
complete -c luna-appliance -n "__fish_luna_appliance_needs_command" -f -a "attach-backup-hsm" -d 'Plug a Backup HSM into an appliance\'s USB port, and print its serial number'
complete -c luna-appliance -n "__fish_luna_appliance_needs_command" -f -a "detach-backup-hsm" -d 'Pull a Backup HSM out of an appliance\'s USB port and write it, with all that is on it, to a file that `attach-backup-hsm --in` takes'
complete -c luna-appliance -n "__fish_luna_appliance_needs_command" -f -a "links" -d 'Show, cut or heal the links to the other members of the cluster'
complete -c luna-appliance -n "__fish_luna_appliance_needs_command" -f -a "clock" -d 'Show the appliance\'s clock, or move it'
complete -c luna-appliance -n "__fish_luna_appliance_needs_command" -f -a "settle" -d 'Wait until nothing is under way in the background: a join, a member that catches up'
complete -c luna-appliance -n "__fish_luna_appliance_needs_command" -f -a "generate" -d 'Write the manual page or a completion script to standard output'
complete -c luna-appliance -n "__fish_luna_appliance_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand serve" -l data -d 'The folder that holds the appliance; made when it is not there' -r -F
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand serve" -l listen -d 'Where to listen; port 0 takes a free one' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand serve" -l seed -d 'Make serial numbers and UUIDs repeatable' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand serve" -l clock -d 'Let the appliance\'s clock stand still at this time' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand serve" -l snmp -d 'Where the SNMP agent answers over UDP, once LunaSH\'s \'sysconf snmp enable\' has started it' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand serve" -l ssh -d 'Where LunaSH is reached over SSH [default: port 2222 of the address of --listen, or a free one]' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand serve" -l ssh-grace -d 'How long a login over SSH may take' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand serve" -l ssh-idle -d 'How long nobody may type over SSH before LunaSH ends' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand serve" -l layout -d 'The layout of LunaSH over SSH: 5 has no empty line before a prompt, and leaves the question for the password to the client' -r -f -a "5\t''
7\t''"
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand serve" -l ntls -d 'Where clients of partitions come to with their certificates (NTLS) [default: port 1792 of the address of --listen, or a free one]' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand serve" -l hostname -d 'The host name in factory state' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand serve" -l timeout -d 'The longest time for a request to an appliance' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand serve" -l no-ssh -d 'No SSH'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand serve" -l modern-ssh -d 'Refuse the SSH algorithms that only old scripts name: SHA-1, CBC'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand serve" -l no-sftp -d 'Files over SSH by `scp -O` alone, as on appliances of old'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand serve" -l no-ntls -d 'No NTLS: clients of partitions cannot come'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand serve" -s h -l help -d 'Print help'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand stop" -l data -d 'The folder that holds the appliance; without it that of the appliance which the shells start for you' -r -F
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand stop" -l timeout -d 'The longest time for a request to an appliance' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand stop" -s h -l help -d 'Print help'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand package" -l out -d 'Where to write it; the appliance takes files called *.spkg' -r -F
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand package" -l requires -d 'A package that has to be there first: NAME, or "NAME VERSION"; `appliance` is its own software (can be repeated)' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand package" -l firmware -d 'The HSM firmware that comes with `lunasa_update`, such as 7.8.7' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand package" -l payload -d 'A file to put into the package (can be repeated)' -r -F
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand package" -l authcode -d 'The authorization code; a fresh one when it is not given' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand package" -l timeout -d 'The longest time for a request to an appliance' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand package" -s h -l help -d 'Print help'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand attach-backup-hsm" -l data -d 'The folder that holds the appliance' -r -F
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand attach-backup-hsm" -l serial -d 'Serial number of a new Backup HSM, 6 to 12 digits; made up without it' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand attach-backup-hsm" -l in -d 'A Backup HSM that was detached: the file it was written to. The file stays' -r -F
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand attach-backup-hsm" -l timeout -d 'The longest time for a request to an appliance' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand attach-backup-hsm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand detach-backup-hsm" -l data -d 'The folder that holds the appliance; it need not run' -r -F
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand detach-backup-hsm" -l serial -d 'Serial number; not needed where only one is attached' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand detach-backup-hsm" -l out -d 'Where to write it; a file that is there already is never overwritten' -r -F
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand detach-backup-hsm" -l timeout -d 'The longest time for a request to an appliance' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand detach-backup-hsm" -s h -l help -d 'Print help'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand links; and not __fish_seen_subcommand_from cut heal help" -l data -d 'The folder that holds the appliance, which runs' -r -F
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand links; and not __fish_seen_subcommand_from cut heal help" -l timeout -d 'The longest time for a request to an appliance' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand links; and not __fish_seen_subcommand_from cut heal help" -s h -l help -d 'Print help'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand links; and not __fish_seen_subcommand_from cut heal help" -f -a "cut" -d 'Cut the link to a member, or to all'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand links; and not __fish_seen_subcommand_from cut heal help" -f -a "heal" -d 'Heal the link to a member, or to all'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand links; and not __fish_seen_subcommand_from cut heal help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand links; and __fish_seen_subcommand_from cut" -l direction -d 'Which way: to, from or both' -r -f -a "to\t''
from\t''
both\t''"
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand links; and __fish_seen_subcommand_from cut" -l data -d 'The folder that holds the appliance, which runs' -r -F
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand links; and __fish_seen_subcommand_from cut" -l timeout -d 'The longest time for a request to an appliance' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand links; and __fish_seen_subcommand_from cut" -s h -l help -d 'Print help'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand links; and __fish_seen_subcommand_from heal" -l data -d 'The folder that holds the appliance, which runs' -r -F
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand links; and __fish_seen_subcommand_from heal" -l timeout -d 'The longest time for a request to an appliance' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand links; and __fish_seen_subcommand_from heal" -s h -l help -d 'Print help'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand links; and __fish_seen_subcommand_from help" -f -a "cut" -d 'Cut the link to a member, or to all'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand links; and __fish_seen_subcommand_from help" -f -a "heal" -d 'Heal the link to a member, or to all'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand links; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand clock" -l data -d 'The folder that holds the appliance, which runs' -r -F
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand clock" -l set -d 'The new time' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand clock" -l advance -d 'Move it on by so many seconds' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand clock" -l timeout -d 'The longest time for a request to an appliance' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand clock" -s h -l help -d 'Print help'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand settle" -l data -d 'The folder that holds the appliance, which runs' -r -F
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand settle" -l timeout -d 'The longest time for a request to an appliance' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand settle" -s h -l help -d 'Print help'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand generate" -l timeout -d 'The longest time for a request to an appliance' -r
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand generate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand help; and not __fish_seen_subcommand_from serve stop package attach-backup-hsm detach-backup-hsm links clock settle generate help" -f -a "serve" -d 'Serve the REST API of one appliance until SIGTERM or Ctrl-C'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand help; and not __fish_seen_subcommand_from serve stop package attach-backup-hsm detach-backup-hsm links clock settle generate help" -f -a "stop" -d 'End the appliance that runs on a folder: all it has acknowledged is stored, requests under way are answered'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand help; and not __fish_seen_subcommand_from serve stop package attach-backup-hsm detach-backup-hsm links clock settle generate help" -f -a "package" -d 'Write a package file that the emulated appliance installs, and print its authorization code'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand help; and not __fish_seen_subcommand_from serve stop package attach-backup-hsm detach-backup-hsm links clock settle generate help" -f -a "attach-backup-hsm" -d 'Plug a Backup HSM into an appliance\'s USB port, and print its serial number'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand help; and not __fish_seen_subcommand_from serve stop package attach-backup-hsm detach-backup-hsm links clock settle generate help" -f -a "detach-backup-hsm" -d 'Pull a Backup HSM out of an appliance\'s USB port and write it, with all that is on it, to a file that `attach-backup-hsm --in` takes'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand help; and not __fish_seen_subcommand_from serve stop package attach-backup-hsm detach-backup-hsm links clock settle generate help" -f -a "links" -d 'Show, cut or heal the links to the other members of the cluster'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand help; and not __fish_seen_subcommand_from serve stop package attach-backup-hsm detach-backup-hsm links clock settle generate help" -f -a "clock" -d 'Show the appliance\'s clock, or move it'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand help; and not __fish_seen_subcommand_from serve stop package attach-backup-hsm detach-backup-hsm links clock settle generate help" -f -a "settle" -d 'Wait until nothing is under way in the background: a join, a member that catches up'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand help; and not __fish_seen_subcommand_from serve stop package attach-backup-hsm detach-backup-hsm links clock settle generate help" -f -a "generate" -d 'Write the manual page or a completion script to standard output'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand help; and not __fish_seen_subcommand_from serve stop package attach-backup-hsm detach-backup-hsm links clock settle generate help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand help; and __fish_seen_subcommand_from links" -f -a "cut" -d 'Cut the link to a member, or to all'
complete -c luna-appliance -n "__fish_luna_appliance_using_subcommand help; and __fish_seen_subcommand_from links" -f -a "heal" -d 'Heal the link to a member, or to all'
