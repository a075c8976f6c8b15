-- Draws ghost text at a place of a buffer, paler where it is less probable. Knows nothing of where it comes from.
local options = require('charwise.options')

local api = vim.api
local M = {}

local namespace = api.nvim_create_namespace('charwise')

-- How much of the comments' colour is left, and what to link to where there are no true colours.
local FADED = { CharwiseLikely = 0.72, CharwiseUnsure = 0.5 }
-- The rest of a suggestion is likely as long as it is more probably right than wrong.
local EVEN = 0.5

local function mixed(one, other, share)
  local function part(shift)
    local a, b = bit.band(bit.rshift(one, shift), 255), bit.band(bit.rshift(other, shift), 255)
    return bit.lshift(math.floor(a * share + b * (1 - share)), shift)
  end
  return part(16) + part(8) + part(0)
end

--- Defines the highlight groups that the user or the colour scheme has not defined.
function M.define()
  local text = api.nvim_get_hl(0, { name = 'Comment', link = false }).fg
  local ground = api.nvim_get_hl(0, { name = 'Normal', link = false }).bg or (vim.o.background == 'dark' and 0 or 0xffffff)
  api.nvim_set_hl(0, 'CharwiseSure', { link = 'Comment', default = true })
  for name, share in pairs(FADED) do
    local faded = text and { fg = mixed(text, ground, share), ctermfg = 'DarkGrey' } or { link = 'NonText' }
    api.nvim_set_hl(0, name, vim.tbl_extend('force', faded, { default = true }))
  end
end

-- The group of each character: up to the confident end, then by how probable all of it up to there is.
local function group_of(at, whole, confident)
  if not options.get().shading or at <= confident then
    return 'CharwiseSure'
  end
  return whole >= EVEN and 'CharwiseLikely' or 'CharwiseUnsure'
end

local function widened(character, column, tabstop)
  return character == '\t' and (' '):rep(tabstop - column % tabstop) or character
end

-- One line as virtual text: runs of the same group. A tab is drawn as the blanks that it would be.
local function chunks(characters, column, tabstop)
  local line = {}
  for _, each in ipairs(characters) do
    local drawn = widened(each.text, column, tabstop)
    column = column + vim.fn.strdisplaywidth(drawn, column)
    local last = line[#line]
    if last and last[2] == each.group then
      last[1] = last[1] .. drawn
    else
      line[#line + 1] = { drawn, each.group }
    end
  end
  return line
end

-- A text's lines of characters, each with its group.
local function lines_of(text, probabilities, confident)
  local lines, at, whole = { {} }, 0, 1
  for _, character in ipairs(vim.fn.split(text, [[\zs]])) do
    for byte = at + 1, at + #character do
      whole = whole * (probabilities[byte] or 1)
    end
    at = at + #character
    if character == '\n' then
      lines[#lines + 1] = {}
    elseif character ~= '\r' then
      table.insert(lines[#lines], { text = character, group = group_of(at, whole, confident) })
    end
  end
  return lines
end

--- Draws a text, in place of what was drawn before.
---@param buf integer
---@param row integer
---@param column integer in bytes
---@param text string
---@param probabilities number[] of each byte
---@param confident integer bytes
function M.draw(buf, row, column, text, probabilities, confident)
  M.clear(buf)
  local tabstop, before = vim.bo[buf].tabstop, vim.fn.virtcol({ row + 1, column })
  local drawn = {}
  for number, line in ipairs(lines_of(text, probabilities, confident)) do
    drawn[number] = chunks(line, number == 1 and before or 0, tabstop)
  end
  local first = table.remove(drawn, 1)
  for number, line in ipairs(drawn) do
    drawn[number] = line[1] and line or { { ' ', 'CharwiseSure' } }
  end
  api.nvim_buf_set_extmark(buf, namespace, row, column, {
    virt_text = first,
    virt_text_pos = 'inline',
    virt_lines = drawn[1] and drawn or nil,
    hl_mode = 'combine',
    strict = false,
  })
end

--- Draws nothing any more.
---@param buf integer
function M.clear(buf)
  if api.nvim_buf_is_valid(buf) then
    api.nvim_buf_clear_namespace(buf, namespace, 0, -1)
  end
end

return M
