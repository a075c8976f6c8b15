-- How much of a suggestion each way to accept takes. Pure; lengths are in bytes.
local M = {}

-- As 'iskeyword' of the buffer has it: blanks before, then one word or one run of other characters.
local WORD = [[^\%(\_s\|\r\)*\%(\k\+\|\%(\k\@!\S\)\+\)\?]]
-- To the line's end; of a suggestion that begins with a line end, the next line.
local LINE = [[^\%(\r\?\n\)\?[^\n\r]*]]
-- One as the user counts: with its combining ones, and a line end as a whole.
local CHARACTER = [[^\%(\r\n\|\_.\)]]

local function matched(pattern)
  return function(text) return #vim.fn.matchstr(text, pattern) end
end

local lengths = {
  all = function(text) return #text end,
  word = matched(WORD),
  line = matched(LINE),
  character = matched(CHARACTER),
  confident = function(_, confident) return confident end,
}

--- Returns the length of a piece of a text: at least a character, at most all.
---@param kind 'all'|'word'|'line'|'character'|'confident'
---@param text string
---@param confident integer before the first doubtful character
---@return integer
function M.length(kind, text, confident)
  local length = lengths[kind](text, confident)
  return math.min(#text, math.max(length, lengths.character(text)))
end

--- Returns the kinds of pieces.
---@return string[]
function M.kinds() return vim.tbl_keys(lengths) end

return M
