-- Text that the model writes at the cursor, as one undo step, until it is long enough or stopped.
local daemon = require('charwise.daemon')
local mirror = require('charwise.mirror')
local said = require('charwise.said')

local api = vim.api
local M = {}

local namespace = api.nvim_create_namespace('charwise.generate')
local STOP = '<C-c>'
local INTERRUPT = vim.keycode(STOP)
local MODES = { 'n', 'i' }
local running = nil ---@type table? buf, mark, request, is_first, maps

-- The current buffer's own mappings of the key, by mode.
local function own_maps()
  local maps = {}
  for _, mode in ipairs(MODES) do
    local map = vim.fn.maparg(STOP, mode, false, true)
    maps[mode] = map.buffer == 1 and map or nil
  end
  return maps
end

-- A Ctrl-C that comes while Neovim is at something, such as putting a piece in, interrupts that: no mapping gets it then,
-- but it is seen as a key.
local function map(buf)
  vim.keymap.set(MODES, STOP, M.stop, { buffer = buf, desc = 'charwise: stop writing' })
  vim.on_key(function(key)
    if key == INTERRUPT then
      M.stop()
    end
  end, namespace)
end

local function unmap(job)
  vim.on_key(nil, namespace)
  if not api.nvim_buf_is_valid(job.buf) then
    return
  end
  pcall(vim.keymap.del, MODES, STOP, { buffer = job.buf })
  api.nvim_buf_call(job.buf, function()
    for mode, map in pairs(job.maps) do
      vim.fn.mapset(mode, false, map)
    end
  end)
end

local function finish(err, result)
  local job = running
  if not job then
    return
  end
  running = nil
  unmap(job)
  if err and err.code ~= 'outdated' then
    said.warn(err.message)
  elseif not err then
    api.nvim_echo({ { ('charwise: %d characters, seed %d'):format(result.characters, result.seed) } }, true, {})
  end
end

-- Puts a piece in where the last one ended, into the same undo step.
local function put(job, text)
  if not job.is_first then
    api.nvim_buf_call(job.buf, function() vim.cmd.undojoin() end)
  end
  job.is_first = false
  local at = api.nvim_buf_get_extmark_by_id(job.buf, namespace, job.mark, {})
  api.nvim_buf_set_text(job.buf, at[1], at[2], at[1], at[2], vim.split(text:gsub('\r', ''), '\n'))
end

--- Writes at the cursor. Params: length, temperature, seed.
---@param given table
function M.start(given)
  M.stop()
  local buf, at = api.nvim_get_current_buf(), api.nvim_win_get_cursor(0)
  local is_inserting = api.nvim_get_mode().mode:find('^n?i') -- "ni": for one command, by Ctrl-O
  local column = at[2] + (is_inserting and 0 or #vim.fn.matchstr(api.nvim_get_current_line(), '.', at[2]))
  require('charwise.ghost').hide()
  local document = mirror.of(buf)
  document:flush()
  local where = { document = document:key(), version = document.version, offset = document:offset(at[1] - 1, column) }
  local mark = api.nvim_buf_set_extmark(buf, namespace, at[1] - 1, column, {})
  running = { buf = buf, is_first = true, mark = mark, maps = own_maps() }
  map(buf)
  running.request = daemon.request('generate', vim.tbl_extend('force', where, given), finish)
end

--- Stops writing; what is written stays. Returns whether anything was being written.
---@return boolean
function M.stop()
  local job = running
  if not job then
    return false
  end
  daemon.notify('cancel', { msgid = job.request })
  running = nil
  unmap(job)
  return true
end

--- Returns whether text is being written.
---@return boolean
function M.is_running() return running ~= nil end

daemon.on('notified', function(method, told)
  if method == 'generated' and running and told.msgid == running.request then
    if not pcall(put, running, told.text) then
      M.stop() -- the user has undone it, closed the buffer, or pressed Ctrl-C just now
    end
  end
end)

return M
