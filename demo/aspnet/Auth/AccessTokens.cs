using System.Text.Json;
using HubshareDemo.Admin;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace HubshareDemo.Auth;

/// <summary>Issues access tokens (JWT, HS256) and says how one is checked.</summary>
public sealed class AccessTokens(DemoOptions options, Switches switches)
{
    public const string Issuer = "hubshare-demo";
    public const string Audience = "hubshare-demo";
    public const string AccessType = "access";

    private readonly SymmetricSecurityKey key = new(options.SigningKey);
    private readonly JsonWebTokenHandler handler = new() { SetDefaultTimesOnTokenCreation = false };

    public IssuedToken Issue(string user)
    {
        var life = switches.TokenLife;
        var issuedAtMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var payload = new Dictionary<string, object>
        {
            ["sub"] = user,
            [TokenClaims.UserId] = user,
            [TokenClaims.Name] = user,
            [TokenClaims.Type] = AccessType,
            [TokenClaims.Role] = user == TokenClaims.AdminRole ? TokenClaims.AdminRole : TokenClaims.UserRole,
            [TokenClaims.TokenId] = Guid.NewGuid().ToString("N"),
            [TokenClaims.IssuedAt] = issuedAtMs / 1000.0,
            [TokenClaims.Expires] = (issuedAtMs + life.TotalMilliseconds) / 1000.0,
            ["iss"] = Issuer,
            ["aud"] = Audience,
        };
        var credentials = new SigningCredentials(key, SecurityAlgorithms.HmacSha256);
        return new IssuedToken(handler.CreateToken(JsonSerializer.Serialize(payload), credentials), life.TotalSeconds, user);
    }

    /// <summary>What a stock server would configure: issuer, audience, key, algorithm, skew. Nothing of it is special to this demo's hub.</summary>
    public TokenValidationParameters ValidationParameters() => new()
    {
        ValidIssuer = Issuer,
        ValidAudience = Audience,
        ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
        RequireExpirationTime = true,
        ClockSkew = options.ClockTolerance,
        NameClaimType = TokenClaims.Name,
        // While tokens are refused there is no key to trust: every token is then wrong in the way a forged one is.
        IssuerSigningKeyResolver = (_, _, _, _) => switches.RefuseTokens ? [] : [key],
        LifetimeValidator = ValidateLifetime,
    };

    /// <summary>The handler cuts `exp` to whole seconds; tokens here may live for a fraction of one. It has checked the signature before.</summary>
    private bool ValidateLifetime(DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters parameters)
    {
        if (token is not JsonWebToken jwt || ExactExpiry(jwt) is not { } expiry)
        {
            return false;
        }

        return DateTimeOffset.UtcNow < expiry + parameters.ClockSkew
            ? true
            : throw new SecurityTokenExpiredException("The token has expired.") { Expires = expiry.UtcDateTime };
    }

    /// <summary>Reads `exp` from the payload itself. Call it only for a token whose signature has been checked.</summary>
    public static DateTimeOffset? ExactExpiry(JsonWebToken token)
    {
        using var payload = JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(token.EncodedPayload));
        return payload.RootElement.TryGetProperty(TokenClaims.Expires, out var value)
            && value.TryGetDouble(out var seconds)
            && seconds is > 0 and < 253_402_300_799
            ? DateTimeOffset.UnixEpoch.AddMilliseconds(Math.Round(seconds * 1000))
            : null;
    }
}
