# charwise at bash's prompt: what the daemon suggests that completes in editors. docs/terminal.md has the keys and the
# line protocol. bash has no Unix sockets and no ghost text of its own: a small program beside it, started once, has the
# connection, and a key puts the suggestion on the line; where ble.sh is loaded it is ghost text. No key starts a process.
#
#   source charwise.bash /path/to/python     # what `charwise shell init bash` prints
#
# Set before it is sourced, where the defaults do not suit:
#   CHARWISE_KEYS=no         bind no keys; `bind -x '"...": _charwise_all'` does, or _charwise_word
#   CHARWISE_SOCKET=PATH     what `charwise shell socket` prints, where it is not the usual place

if [[ $- != *i* || -n ${_charwise_number+set} ]] || (( BASH_VERSINFO[0] < 5 )); then
  return 0
fi

_charwise_python=python3
[[ ${1-} == /* && -x ${1-} ]] && _charwise_python=$1
_charwise_relay=$(cd -- "${BASH_SOURCE[0]%/*}/.." && pwd)/relay.py
_charwise_pipe=            # where the pipes are made that lead to the relay
_charwise_to= _charwise_from= _charwise_relay_pid=
_charwise_state=           # on, where there is a daemon that the user lets learn from bash
_charwise_unread=0         # bytes that the relay may not have read
_charwise_retry=-1       # SECONDS after which the next relay may be started
_charwise_number=0         # of the last request
_charwise_line=            # the line after which the rest below is suggested
_charwise_rest=            # what of the last suggestion is not on the line
_charwise_offered=         # the whole line that was suggested
_charwise_typed=0          # how many characters of it were typed
_charwise_text=            # of the newest entry in the history, and what numbers \! and \# had, at the last prompt
_charwise_counts= _charwise_counts_before=
_charwise_where=$PWD       # where the next command will be run
_charwise_running=         # the command that ble.sh says is being run
declare -A _charwise_names=()

# A pipe has room for 64 KiB; what would not fit would make bash wait.
_charwise_most_unread=49152
_charwise_longest=4096
_charwise_most_names=2000
# Seconds that a key waits for an answer, which comes within milliseconds; and between two attempts to start a relay.
_charwise_patience=0.3
_charwise_pause=3

# --- relay ---------------------------------------------------------------------------------------
# Set REPLY to the socket's path; false where there is none of the user's own.
_charwise_socket() {
  if [[ -n ${CHARWISE_SOCKET-} ]]; then
    REPLY=$CHARWISE_SOCKET
  elif [[ -n ${CHARWISE_HOME-} ]]; then
    REPLY=$CHARWISE_HOME/runtime/shell.sock
    [[ $REPLY == /* ]] || REPLY=$PWD/$REPLY
  elif [[ -n ${XDG_RUNTIME_DIR-} ]]; then
    REPLY=$XDG_RUNTIME_DIR/charwise/shell.sock
  else
    REPLY=${TMPDIR:-/tmp}/charwise-$UID/shell.sock
  fi
  [[ -S $REPLY && -O $REPLY && -O ${REPLY%/*} ]]
}

# See to it that there is a relay: started at one prompt, it is there at the next, or at the first key. Nothing waits.
_charwise_ready() {
  [[ -n $_charwise_to ]] && { _charwise_hear; [[ -n $_charwise_to ]] && return 0; }
  if [[ -n $_charwise_pipe && -p $_charwise_pipe.from && -O $_charwise_pipe.from ]]; then
    # Open for both ways, neither to open nor to write ever waits for the other side, nor breaks.
    { exec {_charwise_to}<>"$_charwise_pipe.to" {_charwise_from}<>"$_charwise_pipe.from"; } 2>/dev/null || return 1
    _charwise_unread=0 _charwise_names=() _charwise_relay_pid= _charwise_pipe=
    _charwise_send opened
    _charwise_send hello 1 bash $$
    _charwise_tell_names all
    return 0
  fi
  (( SECONDS > _charwise_retry )) || return 1
  local REPLY
  _charwise_socket || return 1
  _charwise_retry=$(( SECONDS + _charwise_pause ))
  _charwise_pipe=${REPLY%/*}/bash-$$-$RANDOM
  # A grandchild is no job of this shell's.
  ( "$_charwise_python" -ISB "$_charwise_relay" "$REPLY" "$_charwise_pipe" $$ </dev/null &>/dev/null & )
  return 1
}

_charwise_leave() {
  exec {_charwise_to}>&- {_charwise_from}>&-
  _charwise_to= _charwise_from= _charwise_relay_pid= _charwise_state=
}

# Send a message; it is dropped where the relay is gone or has not read those before.
_charwise_send() {
  [[ -n $_charwise_to ]] || return 1
  local IFS=$'\x1f' LC_ALL=C message
  local -a fields=("${@//[$'\x1e\x1f']/}")
  message="${fields[*]//$'\n'/$'\x1e'}"
  (( _charwise_unread + ${#message} < _charwise_most_unread )) || return 1
  (( _charwise_unread += ${#message} + 1 ))
  builtin printf '%s\n' "$message" >&"$_charwise_to"
} 2>/dev/null

# Take in what has arrived, and leave a relay that is gone.
_charwise_hear() {
  while read -t 0 -u "$_charwise_from"; do
    _charwise_read 0.05 || break
  done
  if [[ -n $_charwise_relay_pid ]] && ! builtin kill -0 "$_charwise_relay_pid" 2>/dev/null; then
    _charwise_leave
  fi
  return 0
}

# Read a line within so many seconds; its fields are in _charwise_fields.
_charwise_read() {
  local answer
  IFS= read -r -t "$1" -u "$_charwise_from" answer 2>/dev/null || return 1
  _charwise_unread=0
  IFS=$'\x1f' read -r -d '' -a _charwise_fields <<<"$answer"
  _charwise_fields=("${_charwise_fields[@]%$'\n'}")
  case ${_charwise_fields[0]-} in
    relay) _charwise_relay_pid=${_charwise_fields[1]//[!0-9]/} ;;
    hello) _charwise_state=${_charwise_fields[3]-} ;;
  esac
  return 0
}

# --- names ---------------------------------------------------------------------------------------
# Tell what can be run here, and what is kept out of the history, where that has changed.
_charwise_tell_names() {
  local IFS=: found
  _charwise_tell alias "${!BASH_ALIASES[@]}"
  set -f
  local -a folders=($PATH)
  set +f
  _charwise_tell path "${folders[@]}"
  _charwise_tell ignore "${HISTIGNORE-}"
  if [[ ${1-} == all ]]; then
    mapfile -t found <<<"$(compgen -A builtin; compgen -A keyword)"  # what `<(...)` is would be the last of $!
    _charwise_tell builtin "${found[@]}"
    mapfile -t found <<<"$(compgen -A function)"
    _charwise_tell function "${found[@]}"
  fi
}

_charwise_tell() {
  local kind=$1 IFS=$'\x1f' name
  local -a told=()
  for name in "${@:2:_charwise_most_names}"; do
    [[ $kind == function && ( $name == [_.-]* || $name == */* ) ]] || told+=("${name//$'\n'/}")
  done
  [[ ${_charwise_names[$kind]-unset} == "${told[*]-}" ]] && return 0
  _charwise_send names "$kind" "${told[@]}" && _charwise_names[$kind]=${told[*]-}
}

# --- commands ------------------------------------------------------------------------------------
# A command has ended, or there was none: what PROMPT_COMMAND calls first.
_charwise_ended() {
  local ended=$?
  _charwise_counted
  if _charwise_ready && _charwise_ran; then
    [[ -n $_charwise_offered && $REPLY == "$_charwise_offered"* ]] &&
      _charwise_send accepted "$_charwise_number" $(( ${#_charwise_offered} - _charwise_typed ))
    (( ${#REPLY} <= _charwise_longest )) && _charwise_send ran "$_charwise_where" '' "$ended" "$REPLY"
    if _charwise_is_new_function "$REPLY"; then _charwise_tell_names all; else _charwise_tell_names; fi
  fi
  _charwise_running= _charwise_offered= _charwise_line= _charwise_rest=
  return "$ended"
}

# The prompt is about to be drawn: what PROMPT_COMMAND calls last.
_charwise_begins() {
  local ended=$?
  _charwise_counted
  _charwise_counts_before=$_charwise_counts
  _charwise_where=$PWD
  return "$ended"
}

# Note how many commands there were, and how many entries the history has had.
_charwise_counted() {
  local counts='\#:\!'
  _charwise_counts=${counts@P}
}

# Set REPLY to the command that was run since the last prompt, as it is in the history; false where it is not there.
_charwise_ran() {
  REPLY=$_charwise_running
  [[ -n $REPLY ]] && return 0
  local was=$_charwise_counts_before
  [[ -n $was && ${_charwise_counts%:*} != "${was%:*}" ]] || return 1
  local entry
  entry=$(HISTTIMEFORMAT='' builtin history 1 2>/dev/null)
  [[ $entry =~ ^\ *[0-9]+[*\ ]\ (.*)$ ]] || return 1
  REPLY=${BASH_REMATCH[1]}
  # One that was kept out of the history, or is the same as the one before.
  [[ ${_charwise_counts#*:} == "${was#*:}" && $REPLY == "$_charwise_text" ]] && return 1
  _charwise_text=$REPLY
  return 0
}

# Whether a command is a function that was not told of.
_charwise_is_new_function() {
  local word=${1%%[[:space:]]*}
  [[ -n $word && $'\x1f'${_charwise_names[function]-}$'\x1f' != *$'\x1f'"$word"$'\x1f'* ]] && declare -F -- "$word" &>/dev/null
}

# --- suggestions ---------------------------------------------------------------------------------
# Ask what may come after a text.
_charwise_ask() {
  (( ${#1} <= _charwise_longest )) && _charwise_ready || return 1
  _charwise_send complete $(( ++_charwise_number )) "$PWD" "$1" ${#1}
}

# Set REPLY to the answer, which is waited for so many seconds; false where none has come.
_charwise_answer() {
  while _charwise_read "$1"; do
    if [[ ${_charwise_fields[0]-} == suggest && ${_charwise_fields[1]-} == "$_charwise_number" ]]; then
      REPLY=${_charwise_fields[2]-}
      REPLY=${REPLY//[[:cntrl:]]/}
      return 0
    fi
  done
  return 1
}

# Note that this is suggested after a line.
_charwise_offer() {
  _charwise_line=$1 _charwise_rest=$2 _charwise_offered=$1$2 _charwise_typed=${#1}
}

# Set REPLY to what is to follow the line that is typed; false where nothing is, or the cursor is not at its end.
_charwise_next() {
  (( READLINE_POINT >= ${#READLINE_LINE} )) || return 1
  if [[ -z $_charwise_rest || $READLINE_LINE != "$_charwise_line" ]]; then
    local REPLY=
    _charwise_ask "$READLINE_LINE" && _charwise_answer "$_charwise_patience" || return 1
    _charwise_offer "$READLINE_LINE" "$REPLY"
  fi
  [[ -n $_charwise_rest ]]
}

# Put so many characters of what is suggested on the line.
_charwise_put() {
  READLINE_LINE+=${_charwise_rest:0:$1}
  READLINE_POINT=${#READLINE_LINE}
  _charwise_line=$READLINE_LINE _charwise_rest=${_charwise_rest:$1}
}

# What the keys do: put all that is suggested on the line, or the next word of it.
_charwise_all() {
  _charwise_next && _charwise_put ${#_charwise_rest}
  return 0
}

_charwise_word() {
  _charwise_next || return 0
  [[ $_charwise_rest =~ ^[[:space:]]*[^[:space:]]+ ]] || [[ $_charwise_rest =~ .* ]]
  _charwise_put ${#BASH_REMATCH}
}

# --- ble.sh --------------------------------------------------------------------------------------
# Its own way to show ghost text: a source of its auto-complete, which comes before its others.
_charwise_use_ble() {
  ble/complete/auto-complete/source:charwise() {
    [[ -z $_ble_history_prefix ]] && (( _ble_edit_ind == ${#_ble_edit_str} )) || return 1
    local REPLY waited
    _charwise_ask "$_ble_edit_str" || return 1
    for (( waited = 0; waited < 60; waited++ )); do
      if _charwise_answer 0.005; then
        [[ -n $REPLY ]] || return 1
        _charwise_offer "$_ble_edit_str" "$REPLY"
        ble/complete/auto-complete/enter h 0 "$REPLY" '' "$_ble_edit_str$REPLY"
        return
      fi
      [[ :$comp_type: != *:sync:* ]] && ble/util/is-stdin-ready && return 148  # another key came
    done
    return 1
  }
  ble/util/import/eval-after-load core-complete 'ble/array#insert-before _ble_complete_auto_source history charwise'
  _charwise_begun() { _charwise_running=$1; }
  blehook PREEXEC!=_charwise_begun
}

# --- set up --------------------------------------------------------------------------------------
# At the first prompt all else is loaded.
_charwise_first() {
  local ended=$?
  _charwise_first() { return $?; }
  [[ -n ${BLE_VERSION-} ]] && _charwise_use_ble
  return "$ended"
}

if [[ ${CHARWISE_KEYS-} != no ]]; then
  # Alt-Right is a macro: the next word of the suggestion, and, where the cursor is not at the end, bash's own way to move.
  for _charwise_map in emacs-standard vi-insert; do
    bind -m "$_charwise_map" -x '"\C-x\C-i": _charwise_all'
    bind -m "$_charwise_map" -x '"\e[5101~": _charwise_word'
  done
  bind -m emacs-standard '"\e[1;3C": "\e[5101~\ef"'
  bind -m vi-insert '"\e[1;3C": "\e[5101~"'
  unset _charwise_map
fi

if (( BASH_VERSINFO[0] > 5 || BASH_VERSINFO[1] > 0 )); then
  PROMPT_COMMAND=(_charwise_ended _charwise_first "${PROMPT_COMMAND[@]}" _charwise_begins)
else
  PROMPT_COMMAND="_charwise_ended; _charwise_first"$'\n'"${PROMPT_COMMAND-}"$'\n'"_charwise_begins"
fi
