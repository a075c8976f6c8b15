# charwise at fish's prompt: a key completes the line by what the daemon suggests that completes in editors.
# docs/terminal.md has the keys and the line protocol. fish has no Unix sockets, and takes ghost text from nobody: a small
# program beside it, started once, has the connection, and another, for each press of the key, speaks to that.
#
#   source charwise.fish /path/to/python     # what `charwise shell init fish` prints
#
# Set before it is sourced, where the defaults do not suit:
#   charwise_keys no             bind no keys; `bind ... _charwise_all` does, or _charwise_word
#   CHARWISE_SOCKET PATH         what `charwise shell socket` prints, where it is not the usual place

status is-interactive; and not set -q _charwise_number; or return 0

set -g _charwise_python python3
string match -q -- '/*' "$argv[1]"; and test -x "$argv[1]"; and set -g _charwise_python $argv[1]
set -g _charwise_folder (path dirname (status filename) 2>/dev/null; or dirname (status filename))
set -g _charwise_pipe        # where the relay's pipes are
set -g _charwise_retry 0     # when the next relay may be started, in seconds
set -g _charwise_number 0    # of the last request
set -g _charwise_line        # the line after which the rest below is suggested
set -g _charwise_rest        # what of the last suggestion is not on the line
set -g _charwise_offered     # the whole line that was suggested
set -g _charwise_typed 0     # how many characters of it were typed
set -g _charwise_where $PWD  # where the command was started that runs
set -g _charwise_names       # what was told last of what can be run
set -g _charwise_pause 3     # seconds between two attempts to start a relay

# --- relay ---------------------------------------------------------------------------------------
# Print the socket's path; false where there is none of the user's own.
function _charwise_socket
    set -l socket
    if set -q CHARWISE_SOCKET
        set socket $CHARWISE_SOCKET
    else if set -q CHARWISE_HOME
        set socket $CHARWISE_HOME/runtime/shell.sock
        string match -q '/*' $socket; or set socket $PWD/$socket
    else if set -q XDG_RUNTIME_DIR
        set socket $XDG_RUNTIME_DIR/charwise/shell.sock
    else
        set -l folder /tmp
        set -q TMPDIR; and set folder $TMPDIR
        set socket $folder/charwise-(id -u)/shell.sock
    end
    set -l folder (string replace -r '/[^/]*$' '' $socket)
    test -S $socket -a -O $socket -a -O $folder; and echo $socket
end

# See to it that there is a relay: started at one prompt, it is there at the next. Nothing waits.
function _charwise_ready
    if set -q _charwise_pipe[1]; and test -p $_charwise_pipe.from -a -O $_charwise_pipe.from
        return 0
    end
    set -l now (date +%s)
    test $now -gt $_charwise_retry; or return 1
    set -l socket (_charwise_socket); or return 1
    set -g _charwise_retry (math $now + $_charwise_pause)
    set -g _charwise_pipe (string replace -r '[^/]*$' '' $socket)fish-$fish_pid-(random)
    set -g _charwise_names
    # sh starts it so that it is no job of this shell's.
    command sh -c '"$@" </dev/null >/dev/null 2>&1 &' sh $_charwise_python -ISB $_charwise_folder/../relay.py \
        $socket $_charwise_pipe $fish_pid
    return 1
end

# Print a message as it travels.
function _charwise_message
    set -l fields
    for field in $argv
        set -a fields (string replace -ar '[\x1e\x1f]' '' -- $field | string join \x1e)
    end
    string join -- \x1f $fields
end

# Print who this is and what can be run here, where that was not told yet.
function _charwise_introduction
    set -l names (functions -n | string match -rv '^[_.-]' | head -n 2000) \x1e (builtin -n) \x1e $PATH
    test "$names" = "$_charwise_names"; and return
    set -g _charwise_names $names
    _charwise_message hello 1 fish $fish_pid
    _charwise_message names function (functions -n | string match -rv '^[_.-]')[1..2000]
    _charwise_message names builtin (builtin -n)
    _charwise_message names path $PATH
end

# Tell messages, without waiting.
function _charwise_tell
    string join -- \n $argv | command sh -c 'exec 3<&0; "$@" <&3 3<&- >/dev/null 2>&1 &' sh $_charwise_python -ISB \
        $_charwise_folder/ask.py $_charwise_pipe
end

# --- commands ------------------------------------------------------------------------------------
function _charwise_preexec --on-event fish_preexec
    set -g _charwise_where $PWD
end

# A command has ended. In private mode nothing is told, as fish itself keeps nothing.
function _charwise_ended --on-event fish_postexec
    set -l ended $status
    set -l offered $_charwise_offered
    set -g _charwise_line
    set -g _charwise_rest
    set -g _charwise_offered
    set -q fish_private_mode; and return
    set -l command (string join \n -- $argv[1] | string collect)
    test -n "$command" -a (string length -- "$command") -le 4096; and _charwise_ready; or return
    set -l told (_charwise_introduction)
    if test -n "$offered"; and test (string sub -l (string length -- $offered) -- $command) = "$offered"
        set -a told (_charwise_message accepted $_charwise_number (math (string length -- $offered) - $_charwise_typed))
    end
    _charwise_tell $told (_charwise_message ran $_charwise_where '' $ended $command)
end

# At the first prompt the relay is started, if there is a daemon.
function _charwise_prompt --on-event fish_prompt
    _charwise_ready
end

# --- suggestions ---------------------------------------------------------------------------------
# See to it that the rest is what is to follow the line that is typed; false where nothing is.
function _charwise_next
    set -l lines (commandline -b)
    test -n "$lines[-1]"; or return 1
    set -l line (string join -- \n $lines | string collect)
    set -l length (string length -- $line)
    test (commandline -C) -ge $length; or return 1
    if test -z "$_charwise_rest" -o "$line" != "$_charwise_line"
        _charwise_ready; or return 1
        set -g _charwise_number (math $_charwise_number + 1)
        set -l asked (_charwise_introduction) (_charwise_message complete $_charwise_number $PWD $line $length)
        set -l answer (string join -- \n $asked |
            command $_charwise_python -ISB $_charwise_folder/ask.py $_charwise_pipe $_charwise_number 2>/dev/null)
        set -g _charwise_line $line
        set -g _charwise_rest (string replace -ar '[[:cntrl:]]' '' -- "$answer[1]")
        set -g _charwise_offered $line$_charwise_rest
        set -g _charwise_typed $length
    end
    test -n "$_charwise_rest"
end

# Put so many characters of what is suggested on the line.
function _charwise_put
    set -l taken (string sub -l $argv[1] -- $_charwise_rest)
    commandline -i -- $taken
    set -g _charwise_line $_charwise_line$taken
    set -g _charwise_rest (string sub -s (math $argv[1] + 1) -- $_charwise_rest)
end

# What the keys do: put all that is suggested on the line, or the next word of it.
function _charwise_all
    _charwise_next; and _charwise_put (string length -- $_charwise_rest)
    commandline -f repaint
end

function _charwise_word
    if _charwise_next
        set -l word (string match -r '^\s*\S+|^\s+' -- $_charwise_rest)
        _charwise_put (string length -- "$word")
    end
    commandline -f repaint
end

# --- set up --------------------------------------------------------------------------------------
if test "$charwise_keys" != no
    for _charwise_mode in default insert
        bind -M $_charwise_mode \ej _charwise_all
        bind -M $_charwise_mode \ek _charwise_word
    end
    set -e _charwise_mode
end
