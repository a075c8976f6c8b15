-- What is said to the user, and how.
local M = {}

--- Warns of something.
---@param message string
function M.warn(message) vim.notify('charwise: ' .. message, vim.log.levels.WARN) end

--- Returns bits per character in words; what is nil or null was not measured.
---@param bpc number?
---@return string
function M.bits(bpc)
  return type(bpc) == 'number' and ('%.2f bits per character'):format(bpc) or 'not measured'
end

return M
