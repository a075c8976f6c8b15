-- How charwise does, in a word, kept by what the daemon tells.
local daemon = require('charwise.daemon')
local folders = require('charwise.folders')
local where = require('charwise.where')

local M = {}

local training = nil ---@type { state: string, message: string, done: number? }?
local settings = '' -- what is wrong with the daemon's

-- Pauses that last for as long as somebody types come and go with each word: that is still learning.
local TYPING = 'paused while you type'

local function tell()
  vim.cmd.redrawstatus({ bang = true })
  vim.api.nvim_exec_autocmds('User', { pattern = 'CharwiseStatus', modeline = false })
end

local function take(event)
  local is_over = event.state == 'finished' or event.state == 'failed' or event.state == 'idle'
  training = not is_over and event or nil
  tell()
end

local function ask()
  daemon.request('status', nil, function(err, seen)
    if not err then
      settings = seen.settings or ''
      take(seen.training)
    end
  end)
end

--- Returns the kind and the words: "ready", "learning", "paused", "off" or "error", and why.
---@return 'ready'|'learning'|'paused'|'off'|'error' kind, string words
function M.read()
  local refusal = where.refusal(vim.api.nvim_get_current_buf())
  if refusal then
    return 'off', refusal
  end
  if not daemon.is_connected() then
    return daemon.trouble and 'error' or 'off', daemon.trouble or 'not connected yet'
  end
  if settings ~= '' then
    return 'error', settings
  end
  local message = training and training.message
  if message and message ~= '' and message ~= TYPING then
    return 'paused', message
  end
  if training and training.done and training.done ~= vim.NIL then
    return 'learning', ('%d%%'):format(math.floor(100 * training.done))
  end
  return training and 'learning' or 'ready', ''
end

--- Returns the same in one or two words.
---@return string
function M.text()
  local kind, words = M.read()
  return kind == 'learning' and words ~= '' and ('learning %s'):format(words) or kind
end

--- Asks the daemon anew, after something was told it that it does not push.
M.refresh = ask

--- Begins to follow the daemon.
function M.listen()
  daemon.on('connected', function()
    daemon.request('subscribe', nil, function() end)
    ask()
  end)
  daemon.on('lost', function()
    training = nil
    tell()
  end)
  daemon.on('notified', function(method, event)
    if method == 'event' and event.kind == 'training' and folders.has(event.workspace) then
      take(event)
    elseif method == 'event' and event.kind == 'settings' then
      settings = event.message
      tell()
    end
  end)
end

return M
