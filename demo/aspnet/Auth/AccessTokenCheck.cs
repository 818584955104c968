using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using HubshareDemo.Security;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace HubshareDemo.Auth;

/// <summary>What is checked of a token beyond its signature, issuer, audience and expiry: that it is an access token, and of a user who may come in.</summary>
public sealed class AccessTokenCheck(AccessTokens tokens, Accounts accounts)
{
    private readonly JsonWebTokenHandler handler = new() { MapInboundClaims = false };

    /// <summary>For JwtBearerEvents.OnTokenValidated, where the rest has been checked. Adds to the principal what this server has read from the token.</summary>
    /// <exception cref="RefusalException">It is no access token, or its user is blocked.</exception>
    /// <exception cref="IOException">The list of blocked users cannot be read.</exception>
    public void Admit(SecurityToken? token, ClaimsPrincipal? principal)
    {
        if (token is not JsonWebToken jwt || principal is null || AccessTokens.ExactExpiry(jwt) is not { } expiry)
        {
            throw new RefusalException(Refusal.InvalidToken);
        }

        var (userId, role) = Read(jwt);
        accounts.Check(userId);
        principal.AddIdentity(new ClaimsIdentity(
        [
            new Claim(TokenClaims.ExactExpiresAtMs, expiry.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture)),
            new Claim(TokenClaims.CheckedRole, role),
        ]));
    }

    /// <summary>The whole check, for a token that comes by other ways than a request.</summary>
    /// <exception cref="RefusalException">It is not good.</exception>
    public async Task<ClaimsPrincipal> CheckAsync(string? token)
    {
        if (string.IsNullOrEmpty(token))
        {
            throw new RefusalException(Refusal.MissingToken);
        }

        try
        {
            var result = await handler.ValidateTokenAsync(token, tokens.ValidationParameters());
            if (!result.IsValid)
            {
                throw new RefusalException(Refusal.For(result.Exception));
            }

            var principal = new ClaimsPrincipal(result.ClaimsIdentity);
            Admit(result.SecurityToken, principal);
            return principal;
        }
        catch (Exception error) when (error is not RefusalException)
        {
            throw new RefusalException(Refusal.CheckFailed);
        }
    }

    /// <summary>From the payload itself: as claims, a list of one role could not be told from a role.</summary>
    private static (string UserId, string Role) Read(JsonWebToken token)
    {
        using var payload = JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(token.EncodedPayload));
        var root = payload.RootElement;
        string? Text(string name) => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

        var userId = Text(TokenClaims.UserId);
        var isWhole = !string.IsNullOrEmpty(userId)
            && Text("sub") == userId
            && Text(TokenClaims.Name) is not null
            && Text(TokenClaims.TokenId) is not null
            && Text(TokenClaims.Type) == AccessTokens.AccessType
            && root.TryGetProperty(TokenClaims.IssuedAt, out var issuedAt)
            && issuedAt.ValueKind == JsonValueKind.Number;
        // Names of this server's own: nobody else may say what they say.
        if (!isWhole || root.EnumerateObject().Any(property => property.Name.StartsWith(TokenClaims.OwnPrefix, StringComparison.Ordinal)))
        {
            throw new RefusalException(Refusal.InvalidToken);
        }

        // Whatever else the claim may say, it makes nobody an administrator.
        return (userId!, Text(TokenClaims.Role) == TokenClaims.AdminRole ? TokenClaims.AdminRole : TokenClaims.UserRole);
    }
}
