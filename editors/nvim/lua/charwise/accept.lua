-- Puts suggested text into the buffer as if it were typed, so that `.` and counts repeat it, between two undo breaks.
--
-- What Neovim would do to typed text (indent, wrap, expand) is kept from it by 'paste'; at a repetition there is no
-- 'paste', so each line end is followed by keys that take away whatever was indented.
local ghost = require('charwise.ghost')
local pieces = require('charwise.pieces')
local popup = require('charwise.popup')

local api = vim.api
local M = {}

local UNDO_BREAK = vim.keycode('<C-g>u')
-- An entered character and all before it, which may be a comment's leader, then all indentation.
local BARE_LINE = vim.keycode('<CR>x<C-u>0<C-d>')
local FINISH = vim.keycode([[<Cmd>lua require('charwise.accept').finish()<CR>]])
-- Within keys, this byte begins a special one; it is in many letters, and so is written as three.
local SPECIAL, SPECIAL_KEYS = '\128', '\128\254X'

local accepted = {} ---@type table[] pieces, the last accepted last
local saved = nil ---@type table? options as they were, while keys are on their way
local after = nil ---@type function? what is to be done when they have arrived

-- As it stands in the buffer, whatever ends a line in the file.
local function plain(text) return (text:gsub('\r\n?', '\n')) end

local function keys_of(text)
  local keys = plain(text):gsub(SPECIAL, SPECIAL_KEYS)
  return (keys:gsub('[%z\1-\31\127]', function(control)
    return control == '\n' and BARE_LINE or vim.keycode('<C-v>') .. control
  end))
end

-- What is scheduled runs when no keys are left, also where an error or Ctrl-C has flushed them, FINISH among them.
local function feed(keys, done)
  local options = { paste = vim.o.paste, backspace = vim.o.backspace }
  saved, after = options, done
  vim.schedule(function()
    if saved == options then
      M.finish()
    end
  end)
  vim.o.paste, vim.o.backspace = true, 'indent,eol,start'
  api.nvim_feedkeys(keys .. FINISH, 'ni', false)
end

--- Sets the options back, when the keys have arrived or were given up.
function M.finish()
  if saved then
    vim.o.paste, vim.o.backspace = saved.paste, saved.backspace
    saved = nil
  end
  local done = after
  after = nil
  if done then
    done()
  end
end

--- Accepts a piece of what is shown. Returns false where nothing is.
---@param kind 'all'|'word'|'line'|'character'|'confident'
---@return boolean
function M.accept(kind)
  if saved or not ghost.keep() then -- of keys that come in one go, Neovim has not told each change yet
    return false
  end
  local shown, rest = ghost.shown()
  local text = rest:sub(1, pieces.length(kind, rest, ghost.confident(shown)))
  ghost.accepted(#text)
  accepted[#accepted + 1] = { text = text, ghost = shown }
  feed(popup.closing() .. UNDO_BREAK .. keys_of(text) .. UNDO_BREAK)
  return true
end

-- Whether a piece stands just before the cursor.
local function is_before_cursor(piece)
  local row, column = unpack(api.nvim_win_get_cursor(0))
  local lines = vim.split(plain(piece.text), '\n')
  local first = row - #lines
  if api.nvim_get_current_buf() ~= piece.ghost.buf or first < 0 then
    return false
  end
  local from = #lines > 1 and 0 or math.max(0, column - #lines[1])
  local before = api.nvim_buf_get_text(0, first, from, row - 1, column, {})
  return vim.endswith(table.concat(before, '\n'), plain(piece.text))
end

--- Takes back the piece that was accepted last, and shows it again. Returns false where it does not stand there.
---@return boolean
function M.unaccept()
  local piece = table.remove(accepted)
  if not piece or saved or not is_before_cursor(piece) then
    accepted = {}
    return false
  end
  local backspaces = vim.keycode('<C-h>'):rep(vim.fn.strcharlen(plain(piece.text)))
  ghost.hide()
  feed(popup.closing() .. UNDO_BREAK .. backspaces .. UNDO_BREAK, function() ghost.restore(piece.ghost) end)
  return true
end

--- Ends what was accepted in an insertion: from here it is the user's.
function M.forget()
  M.finish()
  accepted = {}
end

return M
