-- Loads nothing until a text is looked at or the command is given.
local function start() require('charwise').start() end
vim.api.nvim_create_autocmd({ 'BufReadPost', 'BufNewFile', 'InsertEnter' }, { once = true, callback = start })
vim.api.nvim_create_user_command('Charwise', function(told) require('charwise.commands').run(told) end, {
  nargs = '*',
  complete = function(...) return require('charwise.commands').candidates(...) end,
  desc = 'Autocomplete that learns your files',
})
