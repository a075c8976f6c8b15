-- charwise in Neovim: what a user calls. Each function loads what it needs.
local M = {}

local is_started = false

--- Takes over options (see |charwise-options|) and maps the keys.
---@param given table?
function M.setup(given)
  local problems = require('charwise.options').set(given)
  if problems[1] then
    require('charwise.said').warn(table.concat(problems, '; '))
  end
  require('charwise.keys').map()
  if not is_started then
    is_started = true
    require('charwise.events').listen()
  end
end

--- Starts with the options of `vim.g.charwise`, where nothing has been set up.
function M.start()
  if not is_started then
    M.setup()
  end
end

--- Accepts a piece of what is shown: "all" (the default), "word", "line", "character" or "confident".
---@param kind string?
---@return boolean accepted whether anything was shown
function M.accept(kind) return require('charwise.accept').accept(kind or 'all') end

--- Takes back what was accepted last, and shows it again.
---@return boolean
function M.unaccept() return require('charwise.accept').unaccept() end

--- Shows the next alternative.
function M.next() require('charwise.ghost').cycle(1) end

--- Shows the previous alternative.
function M.previous() require('charwise.ghost').cycle(-1) end

--- Dismisses what is shown.
---@return boolean
function M.dismiss() return require('charwise.ghost').dismiss() end

--- Asks for a suggestion here.
function M.trigger() require('charwise.ghost').ask('invoked') end

--- Returns whether a suggestion is shown.
---@return boolean
function M.is_visible() return require('charwise.ghost').shown() ~= nil end

--- Returns how charwise does, for a statusline: "ready", "learning 43%", "paused", "off" or "error".
---@return string
function M.status() return require('charwise.status').text() end

return M
