/** The log of hostile.test.ts, packed by the tools that Node has no encoder for. */
const bytes = (lines: readonly string[]): Buffer => Buffer.from(lines.join(''), 'base64')

/** bzip2 -9 */
export const bzip2 = bytes([
  'QlpoOTFBWSZTWZINGb0AAaxbgAAQUAJ/8gQQN7fZAEABp2FoDKqafqG/9VVPRPUNqGJkAZqmaU1QABpoAGNMRhGmAAAClUT0hDRoGjI0bUbJZLylkveWS6b8nlnw4+egAAAAAAcpZL+yyX5lkussl3',
  'SyXOReuXDhw92xFkuSLJx2427d2MYxsRY25ckk9aAAAAG0mGJpPia44y7u79E0nxraaT1oAANppPWgA3W97yXd3gAAAAAEmZmSXd4AAAAABJMzJJdVVSSSaTSdFVJJJVVUkklJpRNJjSMYxjLTTTTP',
  'PPGnEi6IuqLsi3otMsvDLLLXTXP33mwBuHiBtDAMYxjHGUvhFqizRaov5F+IvRFsRdEXNF1RfSLeRd6Lsi7ItUXgi3ouaLVFuRdyLii/kWaL/F3JFOFCQkg0ZvQ=',
])

/** zstd -3 */
export const zstd = bytes([
  'KLUv/QRYnQUA4gkbGnC16gApN5FiojSd6ASAJ+nubiklXGtfHTfg/////////2/btm3btm3bbdu2bdu2bUuSJEmSJEkek2QtBFHqOH67JQMFcxqTLhVaolgOEUCKIMZAbXkeQmoGB7E0LIA1aXCnLC',
  'rrBKxBGqrXY6gh+Pb/DtAb5QESOEHgFQROEAyexh8ObyNR1Cv6FX2NPi7jyRRjmsX8ME8w8hfnZTl3+chcgNwtARs00IAwH/ynpAqIusIl',
])

/** xz -9 */
export const xz = bytes([
  '/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4AvfAOxdABkMApKyqWYUhWa2ps+hJyHu1tv2CMqW1robhfUeR8gjdMpTAR5LcuThkfuLn6x4JkV8MeT58pUuHTw2tX/O0xAR4HhGWTSfx8Q9LRxD1I18hc',
  '90JRb7AZzTahz5v4yZpJwtYmK6m6XKWUGRZ6pCsNUq6wmnBMjVedI/JZ52ThfBImaBxJKZ3A69yUAA7yl0gTR1UoEJaHFjZyETZqWGvNE1CUEd29wgxgRJLYRBaTs+a7XoP3ygPxNBhq3wPUdGo96l',
  'P8D4OXRQ/J3VWoD8EyEUmxeXxUjb7WWk6BW79HisYCslzyFrhttbumHqAKO/SUEYG7wsAAGIAuAXAADF5WCEscRn+wIAAAAABFla',
])
