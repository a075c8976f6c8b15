# charwise at zsh's prompt: suggestions as ghost text, from the daemon that completes in editors. docs/terminal.md has
# the keys and the line protocol. Nothing here forks, and nothing waits: a daemon that is not there, hangs or dies costs
# a key nothing.
#
# Set before it is sourced, where the defaults do not suit:
#   CHARWISE_HIGHLIGHT=fg=8    how the ghost text looks, as in region_highlight
#   CHARWISE_KEYS=no           bind no keys; the widgets are charwise-accept-word, -character, -run and charwise-forget
#   CHARWISE_SOCKET=PATH       what `charwise shell socket` prints, where it is not the usual place

[[ -o interactive ]] && (( ! ${+_charwise_fd} )) || return 0
zmodload -i zsh/zle zsh/net/socket zsh/system zsh/datetime zsh/parameter zsh/zleparameter 2>/dev/null || return 0

typeset -gi _charwise_fd=0         # the connection, 0 for none
typeset -gi _charwise_soon=0       # what has the next connection made once the prompt is drawn, 0 for none
typeset -gi _charwise_on=0         # whether the user lets zsh be learned from
typeset -gi _charwise_own=0        # whether the ghost text is ours to show: zsh-autosuggestions shows its own
typeset -gi _charwise_unread=0     # about how much of the socket's room is taken by what the daemon may not have read
typeset -gF _charwise_since=0      # when the first of that was sent
typeset -gi _charwise_id=0         # of the last request
typeset -gi _charwise_shown_id=0   # of the request whose answer is shown
typeset -gF _charwise_retry=0      # when the next connection may be tried
typeset -g  _charwise_rest=        # the beginning of a line that has not arrived whole
typeset -g  _charwise_asked=       # directory and text of the last request
typeset -g  _charwise_seen=        # the text that the ghost text is shown after
typeset -g  _charwise_ghost=       # what is shown
typeset -g  _charwise_typed=       # the line that was accepted last, as it was typed
typeset -g  _charwise_running= _charwise_where=
typeset -gA _charwise_names        # what was told of each kind of names

# Between two attempts to connect, in seconds.
typeset -gF _charwise_pause=3
# A socket has room for 208 KiB, each message counting about 1 KiB more than it has. A daemon that has not read so much
# hangs; what would not fit would make zsh wait.
typeset -gr _charwise_most_unread=65536
# So many seconds without an answer, and it hangs too.
typeset -gr _charwise_patience=2
# What is longer is a pasted text, which the daemon does not complete.
typeset -gr _charwise_longest=4096
typeset -gr _charwise_most_names=2000

# --- connection ----------------------------------------------------------------------------------
# Set REPLY to the socket's path; false where there is none of the user's own.
_charwise_socket() {
  if [[ -n ${CHARWISE_SOCKET-} ]] {
    REPLY=$CHARWISE_SOCKET
  } elif [[ -n ${CHARWISE_HOME-} ]] {
    REPLY=${CHARWISE_HOME:a}/runtime/shell.sock
  } elif [[ -n ${XDG_RUNTIME_DIR-} ]] {
    REPLY=$XDG_RUNTIME_DIR/charwise/shell.sock
  } else {
    REPLY=${TMPDIR:-/tmp}/charwise-$UID/shell.sock
  }
  [[ -S $REPLY && -O $REPLY && -O ${REPLY:h} ]]
}

# Connect once the prompt is drawn, so that it does not wait: what can always be read is seen to then.
_charwise_connect_soon() {
  (( _charwise_fd || _charwise_soon || EPOCHREALTIME < _charwise_retry )) && return 0
  _charwise_retry=$(( EPOCHREALTIME + _charwise_pause ))
  exec {_charwise_soon}</dev/null
  zle -F -w $_charwise_soon _charwise-connect
}

_charwise_connect() {
  emulate -L zsh
  local REPLY
  zle -F $_charwise_soon
  exec {_charwise_soon}<&-
  _charwise_soon=0
  _charwise_dial || return 0
  _charwise_fd=$REPLY _charwise_unread=0 _charwise_on=0 _charwise_rest= _charwise_asked= _charwise_names=()
  zle -F -w $_charwise_fd _charwise-read
  _charwise_send hello 1 zsh $$
}

# Set REPLY to a new connection.
_charwise_dial() {
  local -i fd moved
  _charwise_socket && zsocket $REPLY 2>/dev/null || return 1
  fd=$REPLY
  exec {moved}<&$fd {fd}<&-  # those below 10 are the user's to name
  REPLY=$moved
}

_charwise_disconnect() {
  local -i fd=$_charwise_fd
  _charwise_fd=0 _charwise_on=0 _charwise_asked=
  zle -F $fd
  exec {fd}>&-
}

# Send a message; it is dropped where the daemon has not read those before.
_charwise_send() {
  (( _charwise_fd && _charwise_unread < _charwise_most_unread )) || return 0
  local REPLY
  _charwise_line "$@"
  (( _charwise_unread )) || _charwise_since=$EPOCHREALTIME
  (( _charwise_unread += $#REPLY + 1024 ))
  syswrite -o $_charwise_fd -- $REPLY 2>/dev/null || _charwise_disconnect
}

# Set REPLY to a message as it travels.
_charwise_line() {
  local newline=$'\x1e'
  local -a fields=("${@//[$'\x1e\x1f']/}")
  fields=("${(@)fields//$'\n'/$newline}")
  REPLY="${(pj:\x1f:)fields}"$'\n'
}

# Something arrived, or the daemon is gone.
_charwise_read() {
  emulate -L zsh
  local chunk line
  local -i fd=$1
  (( fd == _charwise_fd )) || { zle -F $fd; return 0 }
  sysread -i $fd -t 0 chunk 2>/dev/null
  case $? in
    (0) ;;
    (4) return 0 ;;  # it was nothing
    (*)
      _charwise_disconnect
      _charwise_show ''
      return 0
      ;;
  esac
  _charwise_unread=0
  _charwise_rest+=$chunk
  while [[ $_charwise_rest == *$'\n'* ]]; do
    line=${_charwise_rest%%$'\n'*}
    _charwise_rest=${_charwise_rest#*$'\n'}
    _charwise_told "${(@ps:\x1f:)line}"
  done
  return 0
}

# Where the ghost text is not ours nobody asks, so ask for nothing: its answer tells that the daemon reads.
_charwise_is_read() {
  (( _charwise_own )) || _charwise_send complete $(( ++_charwise_id )) "$PWD" '' 0
}

# What runs in the background has inherited the connection, and would keep it open.
_charwise_bye() {
  _charwise_send bye
}

# Obey a message of the daemon's.
_charwise_told() {
  case $1 in
    (hello)
      [[ $4 == on ]] && _charwise_on=1 || _charwise_on=0
      (( _charwise_on )) && { _charwise_tell_names; _charwise_is_read }
      _charwise_asked=
      (( _charwise_own )) && { _charwise_show ''; _charwise_look }
      ;;
    (suggest)
      [[ $2 == $_charwise_id && $_charwise_asked == "$PWD"$'\n'"$PREBUFFER$BUFFER" ]] && _charwise_at_end || return 0
      _charwise_shown_id=$2
      _charwise_show "${3//[[:cntrl:]]/}"
      ;;
    (forgot) zle && zle -M "charwise: forgotten" ;;
  esac
}

# --- names and commands --------------------------------------------------------------------------
# Tell what can be run here, and what is kept out of the history, where that has changed.
_charwise_tell_names() {
  local -a fields
  _charwise_tell alias ${(k)aliases}
  _charwise_tell function ${(k)functions[(I)[^_.-]*]}
  _charwise_tell builtin ${(k)builtins} $reswords
  _charwise_tell path $path
  _charwise_tell ignore ${HISTORY_IGNORE-}
}

_charwise_tell() {
  local -a told=("${(@)argv[1,_charwise_most_names]//[$'\n\x1e\x1f']/}")
  local now="${(pj:\x1f:)told}"
  [[ ${_charwise_names[$1]-} == "$now" ]] && return
  _charwise_names[$1]=$now
  _charwise_send names "${(@)told}"
}

_charwise_preexec() {
  emulate -L zsh
  # What begins with a blank is not for the history; zsh may hand it over without.
  [[ $_charwise_typed == [[:space:]]* ]] && _charwise_running= || _charwise_running=$1
  _charwise_where=$PWD
}

_charwise_precmd() {
  local -i ended=$?
  emulate -L zsh
  (( _charwise_own )) || _charwise_begin
  _charwise_connect_soon
  (( _charwise_on )) || { _charwise_running=; return 0 }
  _charwise_tell_names
  if [[ -n $_charwise_running ]]; then
    _charwise_send ran "$_charwise_where" '' $ended "$_charwise_running"
  fi
  _charwise_is_read
  _charwise_running=
}

# At the first prompt all plugins are there: show ghost text, unless zsh-autosuggestions does.
_charwise_begin() {
  # Only now, as zsh-syntax-highlighting would colour the line anew after each widget that it finds.
  zle -N _charwise-connect _charwise_connect
  zle -N _charwise-read _charwise_read
  (( ${+functions[_zsh_autosuggest_start]} )) && return
  _charwise_own=1
  zle -N _charwise-look _charwise_look
  zle -N _charwise-finish _charwise_finish
  autoload -Uz add-zle-hook-widget
  add-zle-hook-widget line-init _charwise-look
  add-zle-hook-widget line-pre-redraw _charwise-look
  add-zle-hook-widget line-finish _charwise-finish
}

# --- ghost text ----------------------------------------------------------------------------------
# The line is about to be drawn: follow what was typed, and ask what may come next.
_charwise_look() {
  emulate -L zsh
  [[ $CONTEXT == (start|cont) ]] || return 0
  local text="$PREBUFFER$BUFFER"
  if ! _charwise_at_end || (( PENDING || KEYS_QUEUED_COUNT )); then
    _charwise_show ''
    _charwise_asked=
    return 0
  fi
  if [[ $text != "$_charwise_seen" ]]; then
    # Typed along the suggestion, its rest is there at once.
    if [[ -n $_charwise_ghost && $text == "$_charwise_seen"* && $_charwise_seen$_charwise_ghost == "$text"* ]]; then
      _charwise_ghost=${_charwise_ghost:$(( $#text - $#_charwise_seen ))}
    else
      _charwise_ghost=
    fi
  fi
  _charwise_draw "$_charwise_ghost"
  [[ $_charwise_asked == "$PWD"$'\n'"$text" ]] && return 0
  _charwise_connect_soon
  (( _charwise_on && $#text <= _charwise_longest )) || return 0
  _charwise_asked="$PWD"$'\n'"$text"
  _charwise_send complete $(( ++_charwise_id )) "$PWD" "$text" $#text
  return 0
}

_charwise_at_end() {
  (( CURSOR == ${#BUFFER} )) || [[ $KEYMAP == vicmd && CURSOR -eq $(( ${#BUFFER} - 1 )) ]]
}

# Show this after the line, now.
_charwise_show() {
  (( _charwise_own )) && [[ $1 != "$_charwise_ghost" ]] || return 0
  _charwise_draw "$1"
  zle -R
}

_charwise_draw() {
  _charwise_seen="$PREBUFFER$BUFFER" _charwise_ghost=$1
  local style=${CHARWISE_HIGHLIGHT:-fg=8}
  # zsh moves what is highlighted as the line grows, so ours is known by its memo; before 5.9, which has none, by its
  # looks.
  region_highlight=("${(@)region_highlight:#* (memo=charwise|$style)}")
  [[ -n $1 || -n $POSTDISPLAY ]] && POSTDISPLAY=$1
  [[ -n $1 ]] && region_highlight+=("$#BUFFER $(( $#BUFFER + $#1 )) $style memo=charwise")
  return 0
}

# The line was accepted: nothing of the ghost text stays behind.
_charwise_finish() {
  emulate -L zsh
  _charwise_typed="$PREBUFFER$BUFFER"
  _charwise_draw ''
  _charwise_asked=
  return 0
}

# --- accepting -----------------------------------------------------------------------------------
# Whether there is something to accept where the cursor is.
_charwise_offers() {
  [[ -n $_charwise_ghost && $KEYMAP != viopp && $POSTDISPLAY == "$_charwise_ghost" ]] && _charwise_at_end &&
    (( ! REGION_ACTIVE ))
}

# Accept the first of what is shown: so many characters.
_charwise_accept() {
  emulate -L zsh
  local -i count=$1
  _charwise_send accepted $_charwise_shown_id $count
  local taken=${_charwise_ghost[1,count]} rest=${_charwise_ghost[count+1,-1]}
  BUFFER+=$taken
  CURSOR=$#BUFFER
  [[ $KEYMAP == vicmd ]] && (( CURSOR-- ))
  _charwise_draw "$rest"
  (( ${+functions[_zsh_highlight]} )) && _zsh_highlight
  return 0
}

# What moves to the line's end, or past it, accepts all.
_charwise_accept_all() {
  if _charwise_offers; then
    _charwise_accept ${#_charwise_ghost}
  else
    zle "$@"
  fi
}

# What moves further accepts as far as it would move if all were there.
_charwise_accept_far() {
  if ! _charwise_offers; then
    zle "$@"
    return
  fi
  local before=$BUFFER
  local -i start=$CURSOR reached result
  BUFFER+=$_charwise_ghost CURSOR=$start
  zle "$@"
  result=$?
  reached=$CURSOR
  [[ $KEYMAP == vicmd ]] && (( reached++ ))
  BUFFER=$before
  if (( reached > ${#before} )); then
    _charwise_accept $(( reached - ${#before} ))
  else
    CURSOR=$reached
  fi
  return result
}

_charwise_accept_word() {
  zle forward-word
}

_charwise_accept_character() {
  _charwise_offers && _charwise_accept 1 || zle forward-char
}

_charwise_accept_run() {
  _charwise_offers && _charwise_accept ${#_charwise_ghost}
  zle accept-line
}

# Forget what is shown, for good.
_charwise_forget() {
  emulate -L zsh
  [[ -n $_charwise_ghost ]] || return 0
  _charwise_send forget "$_charwise_seen$_charwise_ghost"
  _charwise_asked=
  _charwise_draw ''
}

# --- set up --------------------------------------------------------------------------------------
# Put a function before a widget, which it is given to call.
_charwise_wrap() {
  (( ${+widgets[$1]} && ! ${+functions[_charwise_at_$1]} )) || return 0
  local before=.$1
  if [[ $widgets[$1] == user:* ]]; then
    before=charwise-before-$1
    zle -N $before ${widgets[$1]#user:}
  fi
  functions[_charwise_at_$1]="$2 $before -- \"\$@\""
  zle -N $1 _charwise_at_$1
}

() {
  emulate -L zsh
  local widget map
  for widget in forward-char end-of-line vi-forward-char vi-end-of-line vi-add-eol; do
    _charwise_wrap $widget _charwise_accept_all
  done
  for widget in {,emacs-}forward-word vi-forward-{word,word-end,blank-word,blank-word-end} vi-find-next-char{,-skip}; do
    _charwise_wrap $widget _charwise_accept_far
  done
  zle -N charwise-accept-word _charwise_accept_word
  zle -N charwise-accept-character _charwise_accept_character
  zle -N charwise-accept-run _charwise_accept_run
  zle -N charwise-forget _charwise_forget
  [[ ${CHARWISE_KEYS-} == no ]] || for map in emacs viins; do
    bindkey -M $map '^[[1;5C' charwise-accept-word '^[[1;3C' charwise-accept-word '^[[1;2C' charwise-accept-character \
      '^X^M' charwise-accept-run '^[[3;2~' charwise-forget '^[[F' end-of-line '^[OF' end-of-line '^[[4~' end-of-line
  done
  autoload -Uz add-zsh-hook
  add-zsh-hook preexec _charwise_preexec
  add-zsh-hook precmd _charwise_precmd
  add-zsh-hook zshexit _charwise_bye
}

# --- zsh-autosuggestions -------------------------------------------------------------------------
# A strategy for it, as in ZSH_AUTOSUGGEST_STRATEGY=(charwise history). It runs in a process of its own for each key, so
# it has a connection of its own, and may wait a little: zsh-autosuggestions ends it when the next key comes.
_zsh_autosuggest_strategy_charwise() {
  emulate -L zsh
  typeset -g suggestion=
  local text=$1 REPLY chunk got= line kind
  local -i fd
  # The prompt's own connection tells whether anybody would answer.
  (( _charwise_fd && _charwise_on && $#text <= _charwise_longest )) || return 0
  (( ! _charwise_unread || EPOCHREALTIME < _charwise_since + _charwise_patience )) || return 0
  _charwise_dial || return 0
  fd=$REPLY
  _charwise_line hello 1 zsh $$
  local sent=$REPLY
  for kind in ${(k)_charwise_names}; do
    sent+="names"$'\x1f'"$_charwise_names[$kind]"$'\n'
  done
  _charwise_line complete 1 "$PWD" "$text" $#text
  syswrite -o $fd -- "$sent$REPLY" 2>/dev/null || return 0
  while sysread -i $fd -t $_charwise_patience chunk 2>/dev/null; do
    got+=$chunk
    [[ $got == *$'suggest\x1f1\x1f'*$'\n'* ]] || continue
    line=${${got#*$'suggest\x1f1\x1f'}%%$'\n'*}
    [[ -n $line ]] && suggestion="$text${line//[[:cntrl:]]/}"
    break
  done
  exec {fd}>&-
}
