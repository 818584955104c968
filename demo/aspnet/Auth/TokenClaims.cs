using System.Globalization;
using System.Security.Claims;

namespace HubshareDemo.Auth;

/// <summary>Reads what an access token says, from the principal that was made of it.</summary>
public static class TokenClaims
{
    public const string UserId = "userId";
    public const string Name = "name";
    public const string Type = "type";
    public const string TokenId = "jti";
    public const string IssuedAt = "iat";
    public const string Expires = "exp";

    public const string Role = "role";
    public const string AdminRole = "admin";
    public const string UserRole = "user";

    /// <summary>Begins the names of the claims that this server adds to a principal. A token with such a claim is refused.</summary>
    public const string OwnPrefix = "hubshare:";

    /// <summary>Added by this server: the exact expiry in milliseconds. The token handler cuts `exp` to whole seconds.</summary>
    public const string ExactExpiresAtMs = OwnPrefix + "expiresAtMs";

    /// <summary>Added by this server: `admin` or `user`.</summary>
    public const string CheckedRole = OwnPrefix + "role";

    public static string? UserIdOf(ClaimsPrincipal? user) => user?.FindFirst(UserId)?.Value;

    public static bool IsAdmin(ClaimsPrincipal? user) => user?.HasClaim(CheckedRole, AdminRole) == true;

    public static string? TokenIdOf(ClaimsPrincipal? user) => user?.FindFirst(TokenId)?.Value;

    /// <summary>Milliseconds since the epoch.</summary>
    public static long? ExpiresAtMs(ClaimsPrincipal? user) => Number(user, ExactExpiresAtMs) ?? Number(user, Expires, 1000);

    /// <summary>Milliseconds since the epoch.</summary>
    public static long? IssuedAtMs(ClaimsPrincipal? user) => Number(user, IssuedAt, 1000);

    private static long? Number(ClaimsPrincipal? user, string claim, int factor = 1) =>
        double.TryParse(user?.FindFirst(claim)?.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? (long)Math.Round(value * factor)
            : null;
}
