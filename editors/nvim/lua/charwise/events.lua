-- Wires Neovim's events to what they mean. Nothing else here.
local daemon = require('charwise.daemon')
local folders = require('charwise.folders')
local ghost = require('charwise.ghost')
local mirror = require('charwise.mirror')
local status = require('charwise.status')
local view = require('charwise.view')
local where = require('charwise.where')

local api = vim.api
local M = {}

local group = api.nvim_create_augroup('charwise', {})
local handled = {} -- the place and the text that were last looked at

local function on(events, fn, pattern)
  api.nvim_create_autocmd(events, { group = group, pattern = pattern, callback = fn })
end

-- Several events tell of one key: one is enough. A cursor that moved without a change hides what was shown.
local function look()
  local buf, at = api.nvim_get_current_buf(), api.nvim_win_get_cursor(0)
  local tick = api.nvim_buf_get_changedtick(buf)
  local last = handled
  handled = { buf, tick, at[1], at[2] }
  if last[1] == buf and last[2] == tick then
    if last[3] ~= at[1] or last[4] ~= at[2] then
      M.focus(true)
    end
    return
  end
  ghost.changed()
end

--- Tells the daemon that the user turned to a buffer, or moved in it; its folder is learned.
---@param has_moved boolean?
function M.focus(has_moved)
  local buf = api.nvim_get_current_buf()
  ghost.hide()
  if where.refusal(buf) then
    return mirror.close(buf)
  end
  if not has_moved then
    daemon.start()
    folders.learn(buf)
    ghost.seen(buf)
  end
  local document, at = mirror.of(buf), api.nvim_win_get_cursor(0)
  document:flush()
  local row = math.max(at[1] - 1, 0) -- while Neovim runs its arguments' -c the cursor is in line 0
  daemon.notify('focus', { document = document:key(), offset = document:offset(row, at[2]) })
end

-- Ctrl-C leaves insert mode without InsertLeave.
local function left()
  ghost.hide()
  require('charwise.accept').forget()
end

local function renew(event)
  where.forget(event.buf)
  mirror.renew(event.buf)
end

local function wire()
  on('InsertEnter', vim.schedule_wrap(ghost.changed))
  on({ 'TextChangedI', 'TextChangedP', 'CursorMovedI' }, look)
  on({ 'CompleteChanged', 'CompleteDone' }, vim.schedule_wrap(ghost.changed))
  on({ 'CmdwinEnter', 'RecordingEnter' }, ghost.hide)
  on('InsertLeave', left)
  on('ModeChanged', left, { 'i*:n', 'R*:n' })
  on('TextChanged', function(event) ghost.seen(event.buf) end)
  on({ 'BufEnter', 'FileType' }, vim.schedule_wrap(function() M.focus() end))
  on('BufLeave', ghost.hide)
  on({ 'BufFilePost', 'BufReadPost' }, renew)
  on('OptionSet', function() renew({ buf = api.nvim_get_current_buf() }) end, { 'fileformat', 'endofline', 'fixendofline' })
  on('BufWipeout', function(event) where.forget(event.buf) end)
  on('ColorScheme', view.define)
  on('VimLeavePre', daemon.stop)
end

--- Begins to listen to Neovim and the daemon.
function M.listen()
  view.define()
  daemon.on('connected', function()
    folders.renew()
    mirror.renew_all(where.refusal)
    ghost.changed()
  end)
  daemon.on('lost', ghost.hide)
  daemon.on('notified', function(_, told)
    if told.kind == 'memory' and folders.has(told.workspace) then
      ghost.changed() -- what was typed before it was read has been answered without it
    end
  end)
  status.listen()
  wire()
  vim.schedule(function() M.focus() end)
end

return M
