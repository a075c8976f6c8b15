-- The folders that are learned: those that hold the buffers' projects.
local daemon = require('charwise.daemon')
local options = require('charwise.options')
local said = require('charwise.said')

local M = {}

local held = {} ---@type table<string, string> folder -> as the daemon calls it

local function add(folder)
  daemon.request('workspace_add', { path = folder }, function(err, added)
    if err and err.code ~= 'unavailable' then
      said.warn(err.message)
    elseif not err then
      held[folder] = added.path
    end
  end)
end

--- Returns the folder of a buffer's project, nil where it has none. A home folder is not one, though many are
--- repositories: all of a user's files are not what they work on.
---@param buf integer
---@return string?
function M.root(buf)
  local name = vim.api.nvim_buf_get_name(buf)
  local found = name ~= '' and vim.fs.root(name, options.get().root_markers)
  local root = found and vim.uv.fs_realpath(found)
  return root ~= vim.uv.fs_realpath(vim.uv.os_homedir() or '') and root or nil
end

--- Has the daemon learn the folder of a buffer's project.
---@param buf integer
function M.learn(buf)
  local root = options.get().learn and M.root(buf)
  if root and not held[root] then
    held[root] = root
    add(root)
  end
end

--- Tells a daemon that has just come all folders.
function M.renew()
  for folder in pairs(held) do
    add(folder)
  end
end

--- Returns whether this editor has a folder learned.
---@param path string
---@return boolean
function M.has(path) return vim.list_contains(vim.tbl_values(held), path) end

return M
