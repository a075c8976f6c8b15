-- Text that the model writes at the cursor, as one undo step, until it is long enough or stopped.
local daemon = require('charwise.daemon')
local mirror = require('charwise.mirror')

local api = vim.api
local M = {}

local namespace = api.nvim_create_namespace('charwise.generate')
local STOP = '<C-c>'
local running = nil ---@type table? buf, mark, request, is_first

local function unmap(buf)
  if api.nvim_buf_is_valid(buf) then
    pcall(vim.keymap.del, { 'n', 'i' }, STOP, { buffer = buf })
  end
end

local function finish(err, result)
  local job = running
  if not job then
    return
  end
  running = nil
  unmap(job.buf)
  if err and err.code ~= 'outdated' then
    vim.notify('charwise: ' .. err.message, vim.log.levels.WARN)
  elseif not err then
    api.nvim_echo({ { ('charwise: %d characters, seed %d'):format(result.characters, result.seed) } }, true, {})
  end
end

-- Puts a piece in where the last one ended, into the same undo step; where the user has undone it, that ends it.
local function put(text)
  local job = running
  if not api.nvim_buf_is_valid(job.buf) then
    return M.stop()
  end
  local joins = job.is_first or pcall(api.nvim_buf_call, job.buf, function() vim.cmd.undojoin() end)
  if not joins then
    return M.stop()
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
  local column = at[2] + (api.nvim_get_mode().mode:sub(1, 1) == 'i' and 0 or math.min(1, #api.nvim_get_current_line()))
  require('charwise.ghost').hide()
  local document = mirror.of(buf)
  document:flush()
  local where = { document = document:key(), version = document.version, offset = document:offset(at[1] - 1, column) }
  running = { buf = buf, is_first = true, mark = api.nvim_buf_set_extmark(buf, namespace, at[1] - 1, column, {}) }
  vim.keymap.set({ 'n', 'i' }, STOP, M.stop, { buffer = buf, desc = 'charwise: stop writing' })
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
  unmap(job.buf)
  return true
end

--- Returns whether text is being written.
---@return boolean
function M.is_running() return running ~= nil end

daemon.on('notified', function(method, told)
  if method == 'generated' and running and told.msgid == running.request then
    put(told.text)
  end
end)

return M
