using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace HubshareDemo.Auth;

/// <summary>Why somebody is not let in or something is not done: a code to branch on and a message to read.</summary>
public sealed record Refusal(int Status, string Code, string Message)
{
    public static readonly Refusal MissingToken = new(StatusCodes.Status401Unauthorized, "MISSING_TOKEN", "This request needs an access token.");
    public static readonly Refusal TokenExpired = new(StatusCodes.Status401Unauthorized, "TOKEN_EXPIRED", "The access token has expired.");
    public static readonly Refusal InvalidToken = new(StatusCodes.Status401Unauthorized, "INVALID_TOKEN", "The access token is not valid.");
    public static readonly Refusal Blocked = new(StatusCodes.Status401Unauthorized, "AUTH_FAILED", "This user is blocked.");

    /// <summary>The check itself has failed; why is not the client's business, and could quote the token.</summary>
    public static readonly Refusal CheckFailed = new(StatusCodes.Status401Unauthorized, "AUTH_FAILED", "The access token could not be checked.");

    public static readonly Refusal AnothersConnection = new(StatusCodes.Status403Forbidden, "AUTH_FAILED", "This connection belongs to another user.");
    public static readonly Refusal AnothersToken = new(StatusCodes.Status403Forbidden, "AUTH_FAILED", "The token belongs to another user.");
    public static readonly Refusal NotAdmin = new(StatusCodes.Status403Forbidden, "FORBIDDEN", "This hub is for users with the role admin.");

    /// <summary>What the failure of an authentication is to its client.</summary>
    /// <param name="failure">Of the token handler, or a refusal. Null: there was no token.</param>
    public static Refusal For(Exception? failure) => failure switch
    {
        null => MissingToken,
        RefusalException { Refusal: var refusal } => refusal,
        SecurityTokenExpiredException => TokenExpired,
        // The others are what the token handler says of a token that it cannot even read.
        SecurityTokenException or ArgumentException or FormatException or JsonException => InvalidToken,
        _ => CheckFailed,
    };

    /// <summary>As a hub method tells it.</summary>
    public override string ToString() => $"{Code}: {Message}";
}
