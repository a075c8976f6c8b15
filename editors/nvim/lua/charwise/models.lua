-- The models that a buffer's project can have.
local daemon = require('charwise.daemon')
local said = require('charwise.said')

local M = {}

-- Milliseconds that completing a name may hold up the command line; the daemon takes a few.
local PATIENCE = 500

--- Gives `done` an error, or nil and the models: its own first, stored yet or not.
---@param root string the project's folder
---@param done fun(err: table?, models: table[]?)
function M.list(root, done) daemon.request('models', { path = root }, done) end

--- Returns the names of the models, none where the daemon does not answer in time.
---@param root string
---@return string[]
function M.names(root)
  local names
  M.list(root, function(_, models)
    names = vim.tbl_map(function(each) return each.name end, models or {})
  end)
  vim.wait(PATIENCE, function() return names ~= nil end, 5)
  return names or {}
end

--- Returns a model in words.
---@param model table
---@return string
function M.describe(model)
  local learned = model.step ~= vim.NIL and ('%s, %s'):format(model.model, said.bits(model.bpc)) or 'not trained yet'
  return ('%s: %s%s%s'):format(model.name, learned, model.own and ', its own' or '', model.used and ', in use' or '')
end

--- Has the user choose one; `done` gets its name, unless they think better of it, or an error.
---@param root string
---@param done fun(err: table?, name: string?)
function M.choose(root, done)
  M.list(root, function(err, models)
    if err then
      return done(err)
    end
    vim.ui.select(models, { prompt = 'Model of ' .. root, format_item = M.describe }, function(model)
      if model then
        done(nil, model.name)
      end
    end)
  end)
end

return M
