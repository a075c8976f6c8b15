-- `:checkhealth charwise`: what is there, and what to do about what is not.
local M = {}

local health = vim.health

local function check_neovim()
  if vim.fn.has('nvim-0.10') == 0 then
    return health.error('Neovim 0.10 or newer is needed', 'Install a newer Neovim')
  end
  health.ok('Neovim ' .. tostring(vim.version()))
end

local function check_command()
  local command = require('charwise.options').get().command
  local path = vim.fn.exepath(command[1])
  if path == '' then
    local advice = { 'Install charwise: pipx install charwise', 'Or name it: setup({ command = { "/path/to/charwise" } })' }
    return health.error(('`%s` cannot be run'):format(command[1]), advice)
  end
  health.ok(('`%s` is %s'):format(command[1], path))
end

local function check_daemon()
  local daemon = require('charwise.daemon')
  if daemon.is_connected() then
    return health.ok('connected to the daemon named in ' .. daemon.status_file())
  end
  local why = daemon.trouble or 'none was needed yet, or it is just being started'
  health.warn('not connected to a daemon: ' .. why, { 'charwise doctor', 'charwise daemon logs' })
end

local function check_clients()
  for _, client in ipairs(vim.lsp.get_clients()) do
    local is_ours = client.name == 'charwise'
    if is_ours and vim.lsp.inline_completion and vim.lsp.inline_completion.is_enabled() then
      return health.warn(
        'the language server `charwise` suggests too, so everything is shown twice',
        'Leave out vim.lsp.enable("charwise"), or vim.lsp.inline_completion.enable(false)'
      )
    end
  end
  health.ok('no language server shows the same suggestions')
end

local function check_keys()
  for name, key in pairs(require('charwise.options').get().keys) do
    local map = key and vim.fn.maparg(key, 'i', false, true) or {}
    if key and not (map.desc or ''):find('^charwise') then
      health.warn(('%s (%s) is mapped by something else'):format(key, name), 'Choose another in setup({ keys = … })')
    end
  end
end

--- Checks all of it.
function M.check()
  health.start('charwise')
  check_neovim()
  check_command()
  check_daemon()
  check_clients()
  check_keys()
end

return M
