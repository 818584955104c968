using System.Security.Claims;

namespace HubshareDemo.Hubs;

/// <summary>What is remembered of the token that a connection came with, to notice the next one.</summary>
public sealed class ExpiryState
{
    public ClaimsPrincipal? Principal { get; set; }

    public string? TokenId { get; set; }

    /// <summary>The token that a warning was sent for.</summary>
    public string? WarnedTokenId { get; set; }
}
