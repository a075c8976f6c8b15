-- Neovim's completion menu: what is chosen in it, and how it is closed before something is put in.
local M = {}

---@class charwise.Choice
---@field word string the chosen item, "" where none is
---@field rest string what of it is not in the buffer
---@field start integer the column where it begins

-- The longest beginning of the word that stands before the cursor.
local function typed_of(word, before)
  for length = math.min(#word, #before), 0, -1 do
    if before:sub(#before - length + 1) == word:sub(1, length) then
      return length
    end
  end
end

--- Returns what is chosen in the menu, nil where no menu is open.
---@return charwise.Choice?
function M.choice()
  if vim.fn.pumvisible() == 0 then
    return nil
  end
  local info = vim.fn.complete_info({ 'selected', 'items' })
  local item = info.selected >= 0 and info.items[info.selected + 1]
  if not item then
    return { word = '', rest = '', start = 0 }
  end
  local column = vim.api.nvim_win_get_cursor(0)[2]
  local length = typed_of(item.word, vim.api.nvim_get_current_line():sub(1, column))
  return { word = item.word, rest = item.word:sub(length + 1), start = column - length }
end

--- Returns the keys that close the menu and leave in the buffer what is in it now.
---@return string
function M.closing()
  local choice = M.choice()
  if not choice then
    return ''
  end
  local is_put_in = choice.word ~= '' and choice.rest == ''
  return vim.keycode(is_put_in and '<C-y>' or '<C-e>')
end

return M
